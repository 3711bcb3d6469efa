// Where a program of a peer or a load generator lies: the directories of SALLYPORT_PEERS first, then
// PATH, then the directories that hold daemons and are in root's PATH only.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const daemonDirectories = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Gives the absolute path of a program, or undefined when the machine has none of that name. */
export type FindProgram = (name: string) => string | undefined

export function createFindProgram(
  peers: string | undefined,
  path: string | undefined,
): FindProgram {
  const listed = [peers, path].flatMap((list) => list?.split(delimiter) ?? [])
  const directories = [...listed, ...daemonDirectories].filter((directory) => directory !== '')
  return (name) => directories.map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
