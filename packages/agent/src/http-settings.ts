// What holds for the HTTP that the agent sees, from flags, variables, the file and the embedding API alike: the
// policy of the edge, and further targets by path. An endpoint's own word goes before that for all.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type ErrorCode, badInput, formatHost, parseNetwork } from '@sallyport/protocol'
import type { FlagName } from './command-line.ts'
import {
  AddressSet,
  BasicAuth,
  type HeaderRules,
  type HttpPolicy,
  parseHeaderRules,
  parsePasswordFile,
} from './http/index.ts'
import { parseByteSize, parseHostHeader, parseOriginTimeout } from './http-values.ts'
import type { Origin } from './origin.ts'
import { type RouteRequest, seesHttp } from './route-book.ts'
import type { HttpSettings } from './served-route.ts'
import type { Written } from './settings.ts'

export const httpFlags = [
  'host-header',
  'trusted-proxies',
  'http-allow-from',
  'http-deny-from',
  'basic-auth-file',
  'request-header-add',
  'request-header-remove',
  'response-header-add',
  'response-header-remove',
  'max-body',
  'origin-timeout',
] as const satisfies readonly FlagName[]

export type HttpFlag = (typeof httpFlags)[number]

/** Where a setting is written, if it is. Paths are absolute. */
export type FindHttp = (name: HttpFlag) => Written | undefined

/** A route with what its endpoint says of HTTP. */
export interface HttpDraft extends RouteRequest {
  readonly own?: FindHttp
  readonly paths?: HttpSettings['paths'] | undefined
}

/** @throws {SallyportError} SP_USAGE, SP_CONFIG. */
export async function withHttpSettings(
  drafts: readonly HttpDraft[],
  usual: FindHttp,
): Promise<readonly RouteRequest[]> {
  const hasHttps = drafts.some(seesHttp)
  const flag = httpFlags.map((name) => usual(name)).find((one) => one?.code === 'SP_USAGE')
  if (flag && drafts.length > 0 && !hasHttps) throw needsHttps(flag)
  const routes: RouteRequest[] = []
  for (const { own, paths, ...route } of drafts) {
    if (!seesHttp(route)) {
      const wrong = httpFlags.map((name) => own?.(name)).find((one) => one !== undefined)
      const isOnly = !drafts.some((other) => other.own === own && seesHttp(other))
      if (wrong && isOnly) throw needsHttps(wrong)
      routes.push(route)
      continue
    }
    const find: FindHttp = (name) => own?.(name) ?? usual(name)
    routes.push({ ...route, http: await readHttp(find, route.origin, paths ?? []) })
  }
  return routes
}

async function readHttp(
  find: FindHttp,
  origin: Origin,
  paths: HttpSettings['paths'],
): Promise<HttpSettings> {
  const one = <T>(name: HttpFlag, parse: (text: string, where: string, code: ErrorCode) => T) => {
    const written = find(name)
    return written && parse(written.texts[0] ?? '', written.where, written.code)
  }
  const addresses = (name: HttpFlag): AddressSet | undefined => {
    const written = find(name)
    if (!written) return undefined
    const { texts, where, code } = written
    return new AddressSet(
      texts.map((text) => parseNetwork(text, where, code)),
      where,
    )
  }
  const rules = (side: 'request' | 'response'): HeaderRules | undefined => {
    const add = find(`${side}-header-add`)
    const remove = find(`${side}-header-remove`)
    if (!add && !remove) return undefined
    const added = parseHeaderRules({ add: add?.texts ?? [] }, add?.where ?? '', add?.code)
    const taken = { remove: remove?.texts ?? [] }
    const { remove: names } = parseHeaderRules(taken, remove?.where ?? '', remove?.code)
    return { ...added, remove: names }
  }
  const host = one('host-header', parseHostHeader)
  const passwords = await readPasswords(find('basic-auth-file'))
  const allow = addresses('http-allow-from')
  const deny = addresses('http-deny-from')
  const policy: HttpPolicy = {
    hostHeader: host === 'rewrite' ? hostOf(origin) : host,
    trustedProxies: addresses('trusted-proxies'),
    access: allow || deny ? { allow, deny } : undefined,
    basicAuth: passwords?.auth,
    requestHeaders: rules('request'),
    responseHeaders: rules('response'),
    maxBodyBytes: one('max-body', parseByteSize),
    originTimeoutMs: one('origin-timeout', parseOriginTimeout),
  }
  const written = JSON.stringify([httpFlags.map((name) => find(name)?.texts), passwords?.digest])
  return { policy, paths, written }
}

interface Passwords {
  readonly auth: BasicAuth
  /** Tells one content of the file from another. */
  readonly digest: string
}

async function readPasswords(written: Written | undefined): Promise<Passwords | undefined> {
  if (!written) return undefined
  const { texts, where, code } = written
  const [path = ''] = texts
  const text = await readFile(path, 'utf8').catch(() => undefined)
  const users = text === undefined ? new Map<string, never>() : parsePasswordFile(text, path)
  if (text === undefined || users.size === 0) {
    const right = 'a readable file with lines that `agent password NAME` makes'
    throw badInput(code, { what: 'password file', where, value: path, right })
  }
  const digest = createHash('sha256').update(text).digest('base64')
  return { auth: new BasicAuth({ realm: 'Sallyport', users }), digest }
}

/** What a browser on this machine would say. */
function hostOf(origin: Origin): string {
  if (origin.kind === 'server' || origin.kind === 'unix') return 'localhost'
  const usualPort = origin.kind === 'https' ? 443 : 80
  const host = formatHost(origin.host)
  return origin.port === usualPort ? host : `${host}:${origin.port}`
}

function needsHttps({ where, code, texts }: Written): Error {
  const right = 'an https route, which is what it is about'
  return badInput(code, { what: 'setting', where, value: texts.join(' '), right })
}
