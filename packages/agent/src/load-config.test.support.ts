// Reads a configuration from words, variables and files of a directory of its own.
import { chmod, writeFile } from 'node:fs/promises'
import { computePin, formatJoinString, formatRouteUrl, generateAgentKey } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { parseCommandLine } from './command-line.ts'
import { type AgentConfig, loadConfig } from './config.ts'
import { formatOrigin } from './origin.ts'

export const key = generateAgentKey()
const pin = computePin(Buffer.from('a key'))
export const join = formatJoinString({ host: 'relay.test', port: 443, pin, key }).reveal()
export const otherJoin = formatJoinString({ host: 'other.test', port: 443, pin, key }).reveal()

export interface Surrounding {
  readonly variables?: Record<string, string>
  /** Files of the working directory: text, and mode where it is not 0600. */
  readonly files?: Record<string, string | { text: string; mode: number }>
  readonly input?: string
}

export async function load(args: readonly string[], given: Surrounding = {}): Promise<AgentConfig> {
  await using directory = await temporaryDirectory()
  for (const [name, file] of Object.entries(given.files ?? {})) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o600 } : file
    await writeFile(directory.join(name), text)
    await chmod(directory.join(name), mode)
  }
  return await loadConfig(parseCommandLine(['connect', ...args]), {
    variables: { SALLYPORT_JOIN: join, ...given.variables },
    workingDirectory: directory.path,
    readInput: () => Promise.resolve(given.input ?? ''),
  })
}

/** `https: → localhost:3000`, for every route. */
export const routesOf = ({ routes }: AgentConfig): string[] =>
  routes.map(({ url, origin }) => `${formatRouteUrl(url)} → ${formatOrigin(origin)}`)
