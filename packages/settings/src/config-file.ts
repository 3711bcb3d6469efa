// Finds the configuration file of a program: the one that `--config` or SALLYPORT_CONFIG names, else
// the usual one where there is one.
import { resolve } from 'node:path'
import { badInput } from '@sallyport/protocol'
import { type SmallFile, fileErrorCode, readSmallFile } from './small-file.ts'

export interface ConfigFilePlaces {
  /** The value of `--config`. */
  readonly flag: string | undefined
  /** The value of SALLYPORT_CONFIG and where it stands. */
  readonly variable: { readonly text: string; readonly where: string } | undefined
  /** Looked at when neither names one; need not exist. */
  readonly usual: string
  readonly workingDirectory: string
}

export interface FoundConfigFile extends SmallFile {
  readonly path: string
}

/** @throws {SallyportError} SP_USAGE or SP_CONFIG when a file that was named cannot be read. */
export async function findConfigFile(
  places: ConfigFilePlaces,
): Promise<FoundConfigFile | undefined> {
  const { flag, variable, usual, workingDirectory } = places
  const named = flag ?? variable?.text
  const path = resolve(workingDirectory, named ?? usual)
  try {
    return { path, ...(await readSmallFile(path)) }
  } catch (error) {
    const code = fileErrorCode(error)
    if (named === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined
    throw badInput(flag === undefined ? 'SP_CONFIG' : 'SP_USAGE', {
      what: 'configuration file',
      where: flag === undefined ? (variable?.where ?? 'usual place') : '--config',
      value: path,
      right: `a file that can be read (${code})`,
    })
  }
}
