// Flags, environment, env file and configuration file become the configuration of `agent connect`. All that is wrong
// ends here, in one line each, and so does what this release cannot do yet. Nothing is dialled.
import { resolve } from 'node:path'
import {
  type JoinString,
  type RouteUrl,
  type SallyportError,
  type Target,
  badInput,
  defaultChannelTimeoutSeconds,
  maxChannelTimeoutSeconds,
  maxConnections,
  minChannelTimeoutSeconds,
  parseListenAddress,
  parseNetwork,
  parseRemoteForward,
  parseRouteUrl,
  parseTarget,
  portOf,
} from '@sallyport/protocol'
import type { AgentSettings } from './agent.ts'
import { withCertificates } from './certificates/certificate-options.ts'
import type { CommandLine, FlagName } from './command-line.ts'
import { endpointRoutes, isEndpointName } from './endpoints.ts'
import { readEnvFile } from './env-file.ts'
import { chooseHttpProxy } from './http-proxy.ts'
import type { InspectorAddress } from './inspection.ts'
import { readJoinString } from './join-source.ts'
import { inspectorPort } from './limits.ts'
import { type LogLevel, logLevels } from './log-level.ts'
import { type HttpDraft, type HttpFlag, withHttpSettings } from './http-settings.ts'
import { type RouteRequest, seesHttp } from './route-book.ts'
import { withAccess } from './route-access.ts'
import { type ReadSetting, withRouteOptions } from './route-options.ts'
import { type AgentFile, fileSource, joinOfFile, readAgentFile } from './settings-file.ts'
import {
  type Source,
  type Surroundings,
  type Written,
  findFirst,
  findVariable,
  flagSource,
  variableSource,
} from './settings.ts'
import { checkRoutes } from './check-routes.ts'

export interface AgentConfig extends Omit<AgentSettings, 'software'> {
  readonly join: JoinString
  /** The configuration file that was read. */
  readonly configPath: string | undefined
  /** What `--url` asks for, also where no target was named. */
  readonly urls: readonly RouteUrl[]
  /** NDJSON events on stdout. */
  readonly json: boolean
  /** The public url as a QR code on stderr. */
  readonly qr: boolean
  readonly logLevel: LogLevel
  /** Undefined: none. */
  readonly inspector: InspectorAddress | undefined
}

/** @throws {SallyportError} SP_USAGE, SP_CONFIG, SP_JOIN_STRING. */
export async function loadConfig(
  commandLine: CommandLine,
  surroundings: Surroundings,
): Promise<AgentConfig> {
  const file = await readEnvFile(commandLine.flags.get('env-file')?.[0], surroundings)
  const variables = [
    variableSource(surroundings.variables),
    ...(file ? [variableSource(file.variables, file.path)] : []),
  ]
  const settings = await readAgentFile(commandLine, variables, surroundings)
  const sources = [
    flagSource(commandLine),
    ...variables,
    ...(settings ? [fileSource(settings)] : []),
  ]

  const usualAccess = {
    allow: read(sources, 'allow-from', parseNetwork),
    deny: read(sources, 'deny-from', parseNetwork),
  }
  const readOne: ReadSetting = (name, parse) => read(sources, name, parse)[0]
  const named = routesOf(commandLine, sources, settings)
  const certified = await withCertificates(named, readOne, surroundings.variables)
  const { certificates } = certified
  const routes = await withRouteOptions(
    withAccess(
      await withHttpSettings(certified.routes, (name) =>
        findHttp(sources, name, surroundings.workingDirectory),
      ),
      usualAccess,
    ),
    readOne,
  )
  const config = {
    routes,
    certificates,
    urls: read(sources, 'url', parseRouteUrl),
    configPath: settings?.path,
    channelTimeoutSeconds:
      wholeNumber(sources, 'channel-timeout', 'channel timeout in seconds', {
        least: minChannelTimeoutSeconds,
        most: maxChannelTimeoutSeconds,
      }) ?? defaultChannelTimeoutSeconds,
    connections:
      wholeNumber(sources, 'connections', 'number of sessions', {
        least: 1,
        most: maxConnections,
      }) ?? 1,
    retry: !isSet(sources, 'no-retry'),
    json: isSet(sources, 'json'),
    qr: isSet(sources, 'qr'),
    logLevel: logLevelOf(sources),
    inspector: inspectorAddress(sources, routes),
  }
  checkRoutes(routes)
  const join = await readJoinString(commandLine, variables, surroundings, async () =>
    settings ? await joinOfFile(settings) : undefined,
  )
  const httpProxy = chooseHttpProxy(join, (name) => {
    const written = findVariable(variables, name)
    return written && { ...written, text: written.texts[0] ?? '' }
  })
  return Object.freeze({ ...config, join, httpProxy })
}

/** Endpoints by name, or TARGET or PORT under every --url; then one route for each -R. */
function routesOf(
  { words }: CommandLine,
  sources: readonly Source[],
  file: AgentFile | undefined,
): readonly HttpDraft[] {
  const [command, ...targets] = words
  const isAll = isSet(sources, 'all')
  // Without words they look at all that a connect might be asked for.
  const isWhy = command === 'why'
  const isFree =
    targets.length === 0 && (command === 'check' || (isWhy && !findFirst(sources, 'url')))
  if (isAll || targets.some(isEndpointName) || (isFree && file?.values.endpoints)) {
    return namedRoutes(targets, isAll || isFree, sources, file)
  }
  const [targetWord, extra] = targets
  if (extra !== undefined) {
    throw badInput('SP_USAGE', {
      what: 'argument',
      where: 'after TARGET',
      value: extra,
      right: 'one TARGET at most',
    })
  }
  const urls = read(sources, 'url', parseRouteUrl)
  const forwards = read(sources, 'remote-forward', parseRemoteForward)
  const isIgnored = command === 'check' || (forwards.length > 0 && urls.length === 0)
  const target =
    targetWord === undefined
      ? targetFromPort(sources, { isIgnored, isNeeded: !isWhy }, file)
      : parseTarget(targetWord, 'TARGET')
  const assigned: RouteUrl = { kind: 'https' }
  const asked = target && urls.length === 0 ? [assigned] : urls
  const routes: HttpDraft[] = [
    ...(target ? asked.map((url) => ({ url, origin: target })) : []),
    ...forwards.map(({ route, target: origin }) => ({ url: route, origin })),
  ]
  return routes
}

/** `agent connect NAME…` and `--all`; -R adds to them, --url has no place. */
function namedRoutes(
  names: readonly string[],
  isAll: boolean,
  sources: readonly Source[],
  file: AgentFile | undefined,
): readonly HttpDraft[] {
  const wrongWord = isAll ? names[0] : names.find((name) => !isEndpointName(name))
  const url = findFirst(sources, 'url')
  if (wrongWord !== undefined || url) {
    throw badInput('SP_USAGE', {
      what: 'argument',
      where: isAll ? 'beside --all' : 'beside the name of an endpoint',
      value: wrongWord ?? url?.where ?? '',
      right: isAll ? 'none' : 'only names of endpoints; their targets and urls are in the file',
    })
  }
  const forwards = read(sources, 'remote-forward', parseRemoteForward)
  return [
    ...endpointRoutes(file, isAll ? 'all' : names, findFirst(sources, 'pool') !== undefined),
    ...forwards.map(({ route, target: origin }) => ({ url: route, origin })),
  ]
}

/** `-R` alone needs no target, and does not take PORT for one. */
function targetFromPort(
  sources: readonly Source[],
  { isIgnored, isNeeded }: { readonly isIgnored: boolean; readonly isNeeded: boolean },
  file: AgentFile | undefined,
): Target | undefined {
  if (isIgnored) return undefined
  for (const source of sources) {
    const written = source.variable('PORT')
    if (!written) continue
    const port = portOf(written.texts[0] ?? '', 1)
    if (port !== undefined) return { kind: 'tcp', host: 'localhost', port }
    throw wrong('port of the target', written, 'a port from 1 to 65535')
  }
  if (!isNeeded) return undefined
  const names = Object.keys(file?.values.endpoints ?? {}).join(', ')
  throw badInput('SP_USAGE', {
    what: 'target',
    where: 'TARGET',
    right:
      'what visitors are to reach: a port (3000), HOST:PORT or unix:/PATH, or PORT set, or -R' +
      (names === '' ? '' : `, or an endpoint (${names}), or --all`),
  })
}

/** Files are looked for in the working directory. */
function findHttp(
  sources: readonly Source[],
  name: HttpFlag,
  workingDirectory: string,
): Written | undefined {
  const written = findFirst(sources, name)
  if (!written || name !== 'basic-auth-file') return written
  return { ...written, texts: written.texts.map((path) => resolve(workingDirectory, path)) }
}

/** By itself only where there is HTTP to look at. */
function inspectorAddress(
  sources: readonly Source[],
  routes: readonly RouteRequest[],
): InspectorAddress | undefined {
  const [asked] = read(sources, 'web-addr', (text, where, code) =>
    text === 'off' ? text : parseListenAddress(text, where, code),
  )
  if (asked === 'off') return undefined
  if (asked) return { ...asked, isExplicit: true }
  const hasHttp = routes.some(seesHttp)
  return hasHttp ? { host: '127.0.0.1', port: inspectorPort, isExplicit: false } : undefined
}

function read<T>(
  sources: readonly Source[],
  name: FlagName,
  parse: (text: string, where: string, code: Written['code']) => T,
): T[] {
  const written = findFirst(sources, name)
  return written?.texts.map((text) => parse(text, written.where, written.code)) ?? []
}

function wholeNumber(
  sources: readonly Source[],
  name: FlagName,
  what: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const written = findFirst(sources, name)
  if (!written) return undefined
  const [text = ''] = written.texts
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw wrong(what, written, `a whole number from ${least} to ${most}`)
}

function isSet(sources: readonly Source[], name: FlagName): boolean {
  const written = findFirst(sources, name)
  if (!written) return false
  const [text = ''] = written.texts
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw wrong('switch', written, '1, true, 0 or false')
}

function logLevelOf(sources: readonly Source[]): LogLevel {
  const written = findFirst(sources, 'log-level')
  if (!written) return isSet(sources, 'verbose') ? 'debug' : 'info'
  const level = logLevels.find((one) => one === written.texts[0])
  if (level === undefined) throw wrong('log level', written, logLevels.join(', '))
  return level
}

function wrong(what: string, written: Written, right: string): SallyportError {
  const { where, code, texts } = written
  return badInput(code, { what, where, value: texts.join(' '), right })
}
