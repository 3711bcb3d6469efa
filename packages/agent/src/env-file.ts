// The env file: the one that `--env-file`, SALLYPORT_ENV_FILE or ENV_FILE names, else `.env` of the
// working directory where there is one. What it sets stands behind the environment; nothing is put
// into the environment.
import { resolve } from 'node:path'
import { badInput } from '@sallyport/protocol'
import { parse } from 'dotenv'
import type { Surroundings, Variables } from './settings.ts'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'

export interface EnvFile {
  readonly path: string
  readonly variables: Variables
}

/** A directory `.env` is a Python habit, not a file of ours. */
const isNoFile: ReadonlySet<string> = new Set(['ENOENT', 'EISDIR'])

/** @throws {SallyportError} SP_USAGE or SP_CONFIG when the file cannot be read. */
export async function readEnvFile(
  flag: string | undefined,
  { variables, workingDirectory }: Surroundings,
): Promise<EnvFile | undefined> {
  const named = [
    { where: '--env-file', code: 'SP_USAGE', path: flag },
    { where: 'SALLYPORT_ENV_FILE', code: 'SP_CONFIG', path: variables['SALLYPORT_ENV_FILE'] },
    { where: 'ENV_FILE', code: 'SP_CONFIG', path: variables['ENV_FILE'] },
  ] as const
  const found = named.find(({ path }) => path !== undefined && path !== '')
  const path = resolve(workingDirectory, found?.path ?? '.env')
  try {
    const { text } = await readSmallFile(path)
    return { path, variables: parse(text) }
  } catch (error) {
    const code = fileErrorCode(error)
    if (!found && isNoFile.has(code)) return undefined
    throw badInput(found?.code ?? 'SP_CONFIG', {
      what: 'env file',
      where: found?.where ?? 'working directory',
      value: path,
      right: `a file that can be read (${code})`,
    })
  }
}
