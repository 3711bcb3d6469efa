// Whether this program may read from its terminal. From the background of a shell a read would stop it
// (SIGTTIN; termios(3) is about it), and with it every visitor.
import { readFile } from 'node:fs/promises'

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
