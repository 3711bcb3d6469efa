// Which process this is and which others run: facts about the machine, not settings, which is why
// this one file of the library may ask for them.

// oxlint-disable-next-line no-restricted-globals -- a lock names its holder
export const ownPid: number = process.pid

/** True for a process of anybody. */
export function isRunning(pid: number): boolean {
  try {
    // oxlint-disable-next-line no-restricted-globals -- signal 0 only asks
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
