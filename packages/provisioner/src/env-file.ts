// Settings from the environment and from one env file. The environment wins; names of the file are
// matched whatever their case, because the system that inspired this did so (`key_file`, `PORT`).
import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { SallyportError } from '@sallyport/protocol'

export type Environment = Readonly<Record<string, string | undefined>>

/** The file that people have beside their project; it may be absent, unlike one that was named. */
const defaultEnvFile = '.env'

/** A setting together with the place where it was written, for error messages. */
export interface Setting {
  readonly value: string
  readonly where: string
}

/** Finds the env file (`--env-file`, else ENV_FILE or env_file, else .env) and merges it. */
export function readSettings(
  env: Environment,
  envFileFlag: string | undefined,
): (name: string) => Setting | undefined {
  const named = envFileFlag ?? env['ENV_FILE'] ?? env['env_file']
  const path = named ?? defaultEnvFile
  const fromFile = readEnvFile(path, named !== undefined)
  return (name) => {
    const own = env[name] ?? env[name.toLowerCase()]
    if (own !== undefined && own !== '') return { value: own, where: `${name} in the environment` }
    const value = fromFile.get(name.toUpperCase())
    return value === undefined || value === '' ? undefined : { value, where: `${name} in ${path}` }
  }
}

function readEnvFile(path: string, isNamed: boolean): ReadonlyMap<string, string> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isAbsent && !isNamed) return new Map()
    throw new SallyportError('SP_CONFIG', `the env file ${path} cannot be read`, { cause: error })
  }
  return new Map(
    Object.entries(parse(text)).map(([name, value]) => [name.toUpperCase(), value ?? '']),
  )
}
