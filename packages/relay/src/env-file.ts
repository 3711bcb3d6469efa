// The env file: `--env-file FILE`, else SALLYPORT_ENV_FILE or ENV_FILE, else `.env` in the working
// directory when there is one. What it sets stands behind the environment.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { badInput } from '@sallyport/protocol'
import { parse } from 'dotenv'
import { hasCode } from './system-error.ts'
import type { Flags } from './settings.ts'

/** What a program finds around it when it starts. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
}

export interface EnvFile {
  readonly path: string
  readonly variables: Readonly<Record<string, string>>
}

/** @throws {SallyportError} SP_USAGE or SP_CONFIG when a file that was named cannot be read. */
export async function readEnvFile(
  flags: Flags,
  { variables, workingDirectory }: Surroundings,
): Promise<EnvFile | undefined> {
  const named = [
    { where: '--env-file', code: 'SP_USAGE', path: flags['env-file'] },
    { where: 'SALLYPORT_ENV_FILE', code: 'SP_CONFIG', path: variables['SALLYPORT_ENV_FILE'] },
    { where: 'ENV_FILE', code: 'SP_CONFIG', path: variables['ENV_FILE'] },
  ] as const
  const found = named.find(({ path }) => typeof path === 'string' && path !== '')
  const path = resolve(workingDirectory, String(found?.path ?? '.env'))
  try {
    return { path, variables: parse(await readFile(path)) }
  } catch (error) {
    if (!found && hasCode(error, 'ENOENT')) return undefined
    throw badInput(found?.code ?? 'SP_CONFIG', {
      what: 'env file',
      where: found?.where ?? 'working directory',
      value: path,
      right: `a file that can be read (${error instanceof Error ? error.message : String(error)})`,
    })
  }
}
