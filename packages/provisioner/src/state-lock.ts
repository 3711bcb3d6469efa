// One provisioner per state file. The lock names its holder's process, so that a killed one's lock
// is known as dead at once: no timeout, nothing to clean by hand.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { SallyportError } from '@sallyport/protocol'
import { isRunning, ownPid } from './own-process.ts'

/** Takes PATH.lock and returns what gives it back; throws SP_STATE_BUSY. */
export function lockState(path: string): () => void {
  const lock = `${path}.lock`
  const own = `${lock}.${ownPid}`
  const me = `${ownPid} ${startOf(ownPid)}`
  try {
    writeFileSync(own, me, { mode: 0o600 })
  } catch (error) {
    throw new SallyportError('SP_STATE', `${own} cannot be written`, { cause: error })
  }
  try {
    for (;;) {
      if (tryLink(own, lock)) return () => release(lock, me)
      const holder = readOrEmpty(lock)
      if (isAlive(holder)) {
        const [pid = ''] = holder.split(' ')
        throw new SallyportError(
          'SP_STATE_BUSY',
          `another provisioner (process ${pid}) is at work on ${path}; wait for it, or end it`,
        )
      }
      // Moved aside before it is removed: of two that find the same dead lock, one wins the link.
      const dead = `${lock}.dead.${ownPid}`
      if (tryRename(lock, dead)) rmSync(dead, { force: true })
    }
  } finally {
    rmSync(own, { force: true })
  }
}

function release(lock: string, me: string): void {
  if (readOrEmpty(lock) === me) rmSync(lock, { force: true })
}

/** link(2) fails where the name exists: an atomic "create, with this content". */
function tryLink(own: string, lock: string): boolean {
  try {
    linkSync(own, lock)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw new SallyportError('SP_STATE', `${lock} cannot be written`, { cause: error })
  }
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch {
    return false
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(holder: string): boolean {
  const [pid = '', start] = holder.split(' ')
  if (!/^\d+$/.test(pid)) return false
  return isRunning(Number(pid)) && startOf(Number(pid)) === start
}

/** When the process began, in kernel ticks (proc(5), stat field 22): tells a reused pid apart. */
function startOf(pid: number): string {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
}
