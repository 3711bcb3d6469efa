// Where the join string comes from: stdin (`--join -`), SALLYPORT_JOIN, the file that
// SALLYPORT_JOIN_FILE names, which nobody else may read, or the configuration file. Never argv. No error shows any of it.
import { resolve } from 'node:path'
import { type JoinString, badInput, parseJoinString } from '@sallyport/protocol'
import type { CommandLine } from './command-line.ts'
import type { Source, Surroundings } from './settings.ts'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'

/** Bits of others than the owner. */
const othersMask = 0o077

/**
 * `variables` are looked through in order: the environment, then the env file.
 * @throws {SallyportError} SP_USAGE, SP_CONFIG, SP_JOIN_STRING.
 */
export async function readJoinString(
  { flags }: CommandLine,
  variables: readonly Source[],
  surroundings: Surroundings,
  /** The configuration file's, asked last. */
  fromFile: () => Promise<JoinString | undefined>,
): Promise<JoinString> {
  const [flag] = flags.get('join') ?? []
  if (flag === '-') return parseJoinString(await surroundings.readInput(), 'stdin')
  if (flag !== undefined) {
    throw badInput('SP_USAGE', {
      what: 'join string',
      where: '--join',
      right: '- for stdin, and nothing else: every user of this machine can read arguments',
    })
  }
  for (const source of variables) {
    const own = source.variable('SALLYPORT_JOIN')
    if (own) return parseJoinString(own.texts[0] ?? '', own.where)
    const file = source.variable('SALLYPORT_JOIN_FILE')
    if (file) {
      const path = resolve(surroundings.workingDirectory, file.texts[0] ?? '')
      return await readJoinFile(path, file.where)
    }
  }
  const own = await fromFile()
  if (own) return own
  throw badInput('SP_JOIN_STRING', {
    what: 'join string',
    where: 'none was given',
    right:
      'SALLYPORT_JOIN, SALLYPORT_JOIN_FILE, join_file in the configuration file or --join -, with the line that relay init printed',
  })
}

/** @throws {SallyportError} SP_CONFIG, SP_JOIN_STRING. */
export async function readJoinFile(path: string, where: string): Promise<JoinString> {
  const file = await readSmallFile(path).catch((error: unknown) => {
    const right = `a file that can be read (${fileErrorCode(error)})`
    throw badInput('SP_CONFIG', { what: 'join file', where, value: path, right })
  })
  refuseOpenFile(file.mode, path, where, 'join file')
  return parseJoinString(file.text, path)
}

/** @throws {SallyportError} SP_CONFIG when others than the owner may do anything with the file. */
export function refuseOpenFile(mode: number, path: string, where: string, what: string): void {
  if ((mode & othersMask) === 0) return
  const shown = mode.toString(8).padStart(4, '0')
  const right = `mode 0600, because its mode ${shown} lets others at it: chmod 600`
  throw badInput('SP_CONFIG', { what, where, value: path, right })
}
