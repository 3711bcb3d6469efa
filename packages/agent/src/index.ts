// The embedding API: `await using agent = await connect(3000, { join })`.
import type { Server } from 'node:net'
import {
  type JoinString,
  SallyportError,
  badInput,
  defaultChannelTimeoutSeconds,
  maxChannelTimeoutSeconds,
  maxConnections,
  minChannelTimeoutSeconds,
  parseJoinString,
  parseNetwork,
  parseRemoteForward,
  parseRouteUrl,
  parseTarget,
} from '@sallyport/protocol'
import { Agent } from './agent.ts'
import type { FlagName } from './command-line.ts'
import type { ExchangeTap } from './http/index.ts'
import { type HttpOptions, findOption, pathsOfOptions } from './http-options.ts'
import { withHttpSettings } from './http-settings.ts'
import { parseHttpProxy } from './http-proxy.ts'
import type { AskAboutKnock } from './knock.ts'
import type { KnownVisitors } from './known-visitors.ts'
import type { Origin } from './origin.ts'
import type { RouteRequest } from './route-book.ts'
import { withAccess } from './route-access.ts'
import { withRouteOptions } from './route-options.ts'
import { software } from './software.ts'
import { checkRoutes } from './check-routes.ts'

export { agentSettingsSchema } from './settings-schema.ts'
export { Agent, type AgentSettings } from './agent.ts'
export type { AgentWorld } from './agent-world.ts'
export { type HostProcess, main } from './main.ts'
export type { Hop, HopName } from './why/hop.ts'
export { brokenOf, why, type WhyOptions, type WhyRoute } from './why/why.ts'
export { realWhyWorld, type WhyWorld } from './why/why-world.ts'
export type { AskAboutKnock, Knock, KnockAnswer, KnockReport } from './knock.ts'
export { type KnownVisitor, KnownVisitors } from './known-visitors.ts'
export type { AgentEvent, AgentEventName, AgentEvents, PublicRoute } from './events.ts'

export type {
  ExchangeObserver,
  ExchangeOutcome,
  ExchangeTap,
  TappedRequest,
  TappedResponse,
} from './http/index.ts'

export type { HttpOptions } from './http-options.ts'

export interface ConnectOptions {
  /** The line that `relay init` or `relay agents add` printed. */
  readonly join: string | JoinString
  /** What to ask for: `https://name`, `tls://name`, `tcp://:0`. Default: a name that the relay
   * assigns. */
  readonly url?: string | readonly string[]
  /** Further TCP ports, as ssh's -R: `2222:localhost:22`. */
  readonly remoteForwards?: readonly string[]
  /** What stands between agent and relay: `http://USER:PASSWORD@HOST:PORT`. */
  readonly httpProxy?: string
  /** Shares the routes with other keys that ask for the same pool. */
  readonly pool?: string
  /** Who of the pool gets the next visitor: `round-robin` (default) or `least-connections`. */
  readonly balance?: string
  /** Networks whose visitors alone may come: `192.0.2.0/24`. The relay keeps to it. */
  readonly allowFrom?: readonly string[]
  /** Networks whose visitors may not come. */
  readonly denyFrom?: readonly string[]
  /**
   * Asked about every visitor whom nobody knows, who waits meanwhile: 60 s at most, or half the channel
   * timeout. Whoever it does not answer for may not come in.
   */
  readonly onKnock?: AskAboutKnock
  /** Whom `always` was answered for; default: as long as this agent lives. */
  readonly knownVisitors?: KnownVisitors
  /** `tcp` (default in a pool), `off` (default elsewhere), or the path of a GET. */
  readonly healthCheck?: string
  /** Tells the target who the visitor is, by a PROXY header of that version. */
  readonly proxyProtocol?: 1 | 2
  /** Takes any certificate of an https:// target. */
  readonly originInsecure?: boolean
  /** A file of PEM certificates that vouch for an https:// target. */
  readonly originCa?: string
  /** How long a visitor waits until the target has accepted: whole seconds, 1 to 1000, default 100. */
  readonly channelTimeoutSeconds?: number
  /** Sessions side by side, 1 to 8, default 1. */
  readonly connections?: number
  /** False: reject, or stop, when the relay cannot be reached. Default: try for ever. */
  readonly retry?: boolean
  /** How long running visitors may take to finish after `close()`: milliseconds, default 30,000. */
  readonly drainGraceMs?: number
  /** What is done to the HTTP of https routes. */
  readonly http?: HttpOptions
  /** Looks on at the HTTP of https routes. */
  readonly tap?: ExchangeTap
  /** Ends the agent at once, as `destroy()` does. */
  readonly signal?: AbortSignal
}

/**
 * Gives `target` a public address, and resolves when visitors can come. A port or target string is
 * dialled for each visitor; a server (`http.createServer(…)`) gets its visitors without listening.
 * @throws {SallyportError} SP_USAGE or SP_JOIN_STRING for wrong options, or why the relay refused;
 * the signal's reason when it was aborted first.
 */
export async function connect(
  target: number | string | Server,
  options: ConnectOptions,
): Promise<Agent> {
  const { signal, drainGraceMs, tap } = options
  signal?.throwIfAborted()
  const agent = new Agent(
    {
      join: typeof options.join === 'string' ? parseJoinString(options.join, 'join') : options.join,
      httpProxy:
        options.httpProxy === undefined
          ? undefined
          : parseHttpProxy(options.httpProxy, 'httpProxy', 'SP_USAGE'),
      routes: await routesOf(target, options),
      channelTimeoutSeconds: wholeNumber('channelTimeoutSeconds', options.channelTimeoutSeconds, {
        least: minChannelTimeoutSeconds,
        most: maxChannelTimeoutSeconds,
        absent: defaultChannelTimeoutSeconds,
      }),
      connections: wholeNumber('connections', options.connections, {
        least: 1,
        most: maxConnections,
        absent: 1,
      }),
      retry: options.retry ?? true,
      askAboutKnock: options.onKnock,
      knownVisitors: options.knownVisitors,
      software,
    },
    { ...(tap && { tapOf: () => tap }), ...(drainGraceMs === undefined ? {} : { drainGraceMs }) },
  )
  const abort = (): void => void agent.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  const ended = agent.stopped.then((reason) => {
    signal?.removeEventListener('abort', abort)
    signal?.throwIfAborted()
    throw reason ?? new SallyportError('SP_ABORTED', 'the agent was closed before it was ready')
  })
  // Once it is ready, `agent.stopped` and its events tell how it ends.
  ended.catch(() => {})
  const ready = new Promise<void>((resolve) => agent.on('ready', () => resolve()))
  agent.start()
  await Promise.race([ready, ended])
  return agent
}

async function routesOf(
  target: number | string | Server,
  options: ConnectOptions,
): Promise<readonly RouteRequest[]> {
  const origin: Origin =
    typeof target === 'object'
      ? { kind: 'server', server: target }
      : parseTarget(String(target), 'target')
  const { url = 'https:', remoteForwards = [] } = options
  const urls = typeof url === 'string' ? [url] : url
  const routes = [
    ...urls.map((text) => ({ url: parseRouteUrl(text, 'url'), origin })),
    ...remoteForwards.map((text) => {
      const forward = parseRemoteForward(text, 'remoteForwards')
      return { url: forward.route, origin: forward.target }
    }),
  ]
  checkRoutes(routes)
  const settings: Readonly<Partial<Record<FlagName, string | undefined>>> = {
    pool: options.pool,
    balance: options.balance,
    'health-check': options.healthCheck,
    'proxy-protocol': options.proxyProtocol === undefined ? undefined : `${options.proxyProtocol}`,
    'origin-insecure':
      options.originInsecure === undefined ? undefined : `${options.originInsecure}`,
    'origin-ca': options.originCa,
    knock: options.onKnock ? 'true' : undefined,
  }
  const access = {
    allow: (options.allowFrom ?? []).map((text) => parseNetwork(text, 'allowFrom')),
    deny: (options.denyFrom ?? []).map((text) => parseNetwork(text, 'denyFrom')),
  }
  const { http = {} } = options
  const paths = pathsOfOptions(http)
  const drafts = routes.map((route) => ({ ...route, paths }))
  const ready = await withHttpSettings(drafts, findOption(http))
  return await withRouteOptions(withAccess(ready, access), (name, parse) => {
    const text = settings[name]
    return text === undefined ? undefined : parse(text, name, 'SP_USAGE')
  })
}

function wholeNumber(
  name: string,
  value: number | undefined,
  { least, most, absent }: { least: number; most: number; absent: number },
): number {
  if (value === undefined) return absent
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw badInput('SP_USAGE', {
    what: 'option',
    where: name,
    value: String(value),
    right: `a whole number from ${least} to ${most}`,
  })
}
