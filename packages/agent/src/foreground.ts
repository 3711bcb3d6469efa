// What has become of the terminal that this program was started at. From the background of a shell a read
// would stop it (SIGTTIN, setpgid(2)), and with it every visitor; a terminal may also be closed.
import { open, readFile } from 'node:fs/promises'

/** False once its terminal was closed, or where there never was one (tty(4)). Never rejects. */
export async function hasTerminal(): Promise<boolean> {
  const terminal = await open('/dev/tty').catch(() => undefined)
  await terminal?.close()
  return terminal !== undefined
}

/** Linux tells; elsewhere it is assumed. Never rejects. */
export async function isInForeground(): Promise<boolean> {
  return isForeground(await readFile('/proc/self/stat', 'utf8').catch(() => ''))
}

/** Reads proc_pid_stat(5): the fifth field is the process group, the eighth the terminal's. */
export function isForeground(stat: string): boolean {
  // The second field is a name in parentheses, with anything in it.
  const [, , group, , , terminalGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return terminalGroup === undefined || terminalGroup === '-1' || terminalGroup === group
}
