// The endpoints of the configuration file that `agent connect` was told to publish, by name or all.
import { dirname, resolve } from 'node:path'
import {
  type RouteUrl,
  badInput,
  formatRouteUrl,
  parseBalance,
  parseNetwork,
  parseRouteUrl,
  parseTarget,
} from '@sallyport/protocol'
import { nearestName } from '@sallyport/settings'
import { parseOriginCheck } from './origin-checks.ts'
import type { FindHttp, HttpDraft } from './http-settings.ts'
import { parsePathPrefix } from './http-values.ts'
import type { RouteRequest } from './route-book.ts'
import type { AgentFile } from './settings-file.ts'
import { endpointNamePattern } from './settings-schema.ts'

/** Whether a word of the command line is an endpoint's name and no TARGET. */
export function isEndpointName(word: string): boolean {
  return endpointNamePattern.test(word)
}

/**
 * The routes of the endpoints named, in the file's order for all. `hasPool`: there is one for those that
 * name none.
 * @throws {SallyportError} SP_USAGE for a name that the file does not have, SP_CONFIG when two
 * endpoints want the same.
 */
export function endpointRoutes(
  file: AgentFile | undefined,
  chosen: readonly string[] | 'all',
  hasPool: boolean,
): readonly HttpDraft[] {
  const endpoints = new Map(Object.entries(file?.values.endpoints ?? {}))
  const names = [...endpoints.keys()]
  if (!file || names.length === 0) {
    throw badInput('SP_USAGE', {
      what: 'endpoints',
      where: chosen === 'all' ? '--all' : `NAME ${chosen.join(' ')}`,
      right: file
        ? `endpoints in ${file.path}, which has none`
        : 'a configuration file that holds some: --config FILE',
    })
  }
  const taken = new Map<string, string>()
  return (chosen === 'all' ? names : [...new Set(chosen)]).flatMap((name) => {
    const endpoint = endpoints.get(name)
    if (!endpoint) throw unknownEndpoint(name, names, file)
    const origin = parseTarget(String(endpoint.target), file.where(['endpoints', name, 'target']))
    const assigned: RouteUrl = { kind: 'https' }
    const where = file.where(['endpoints', name, ...(endpoint.url === undefined ? [] : ['url'])])
    const urls =
      endpoint.url === undefined
        ? [assigned]
        : [endpoint.url].flat().map((url) => parseRouteUrl(url, where, 'SP_CONFIG'))
    for (const url of urls) {
      const text = formatRouteUrl(url)
      // A port that the relay picks is another one each time.
      if (url.kind === 'tcp' && url.port === 0) continue
      const holder = taken.get(text)
      if (holder !== undefined) {
        const assignedTwice = 'a url, because the relay assigns one name only, and it is for'
        const right = url === assigned ? assignedTwice : 'another url, because this one is for'
        throw badInput('SP_CONFIG', {
          what: `endpoint ${name}`,
          where,
          ...(url === assigned ? {} : { value: text }),
          right: `${right} ${holder}`,
        })
      }
      taken.set(text, name)
    }
    const networks = (key: 'allow_from' | 'deny_from'): readonly string[] =>
      [endpoint[key] ?? []]
        .flat()
        .map((text) => parseNetwork(text, file.where(['endpoints', name, key]), 'SP_CONFIG'))
    const list = { allow: networks('allow_from'), deny: networks('deny_from') }
    const access = list.allow.length + list.deny.length > 0 ? { access: list } : {}
    const options = {
      ...access,
      ...poolOptions(file, name, hasPool),
      own: ownHttp(file, name),
      paths: pathsOf(file, name),
    }
    return urls.map((url) => ({ url, origin, ...options }))
  })
}

/** What the endpoint says of its own; the schema has checked each. */
function poolOptions(
  file: AgentFile,
  name: string,
  hasPool: boolean,
): Pick<RouteRequest, 'knock' | 'pool' | 'balance' | 'check'> {
  const { knock, pool, balance, health_check: check } = file.values.endpoints?.[name] ?? {}
  const where = (key: string): string => file.where(['endpoints', name, key])
  if (balance !== undefined && pool === undefined && !hasPool) {
    const right = 'a pool beside it'
    throw badInput('SP_CONFIG', { what: 'balance', where: where('balance'), value: balance, right })
  }
  return {
    ...(knock !== undefined && { knock }),
    ...(pool !== undefined && { pool }),
    ...(balance !== undefined && { balance: parseBalance(balance, where('balance'), 'SP_CONFIG') }),
    ...(check !== undefined && {
      check: parseOriginCheck(check, where('health_check'), 'SP_CONFIG'),
    }),
  }
}

/** What it says of HTTP. Its files are looked for beside the configuration file. */
function ownHttp(file: AgentFile, name: string): FindHttp {
  const values: Readonly<Record<string, unknown>> = file.values.endpoints?.[name] ?? {}
  return (flag) => {
    const key = flag.replaceAll('-', '_')
    if (!Object.hasOwn(values, key) || values[key] === undefined) return undefined
    const texts = [values[key]].flat().map(String)
    const where = file.where(['endpoints', name, key])
    const isPath = flag === 'basic-auth-file'
    const place = (path: string): string => resolve(dirname(file.path), path)
    return { texts: isPath ? texts.map(place) : texts, where, code: 'SP_CONFIG' }
  }
}

function pathsOf(file: AgentFile, name: string): HttpDraft['paths'] {
  const { paths } = file.values.endpoints?.[name] ?? {}
  return Object.entries(paths ?? {}).map(([prefix, target]) => {
    const where = file.where(['endpoints', name, 'paths', prefix])
    return {
      prefix: parsePathPrefix(prefix, where, 'SP_CONFIG'),
      origin: parseTarget(String(target), where),
    }
  })
}

function unknownEndpoint(name: string, names: readonly string[], file: AgentFile): Error {
  const near = nearestName(name, names)
  return badInput('SP_USAGE', {
    what: 'endpoint',
    where: 'NAME',
    value: name,
    right:
      `one that ${file.path} has (${names.join(', ')})` +
      (near === undefined ? '' : `: did you mean ${near}?`),
  })
}
