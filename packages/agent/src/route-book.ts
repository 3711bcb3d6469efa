// The routes of this agent: what it asks for, what the relay granted, and the newest generation held
// of each public url, which lets the relay tell a sleeper from the newest agent (docs/protocol.md §7).
import type {
  AccessList,
  Balance,
  RegisterMessage,
  RegisteredMessage,
  RouteUrl,
} from '@sallyport/protocol'
import { formatRouteUrl } from '@sallyport/protocol'
import type { PublicRoute } from './events.ts'
import type { Knock } from './knock.ts'
import { type Origin, formatOrigin } from './origin.ts'
import type { CheckedRoute, OriginCheck } from './origin-checks.ts'
import { type HttpSettings, type ServedRoute, plainHttp } from './served-route.ts'

export interface RouteRequest {
  readonly url: RouteUrl
  readonly origin: Origin
  /** Shares the route with other keys that ask for the same pool. */
  readonly pool?: string | undefined
  /** Of the pool; absent: round robin. */
  readonly balance?: Balance | undefined
  /** Who may visit, by address; absent: everybody. */
  readonly access?: AccessList | undefined
  /** Unknown visitors wait until somebody lets them in. */
  readonly knock?: boolean | undefined
  /** How it is found out whether the origin answers; absent: not at all. */
  readonly check?: OriginCheck | undefined
  /** Of a passthrough route: its TLS ends here, by a certificate that is kept here. */
  readonly endsTls?: boolean | undefined
  /** Of a route whose HTTP the agent sees; absent: HTTP passes unchanged but for what every route does to it. */
  readonly http?: HttpSettings | undefined
}

interface Entry extends RouteRequest {
  readonly id: string
  /** The url that visitors use, once granted. */
  publicUrl: string | undefined
}

export class RouteBook {
  #entries: readonly Entry[]
  /** What the relay has been asked to change the routes to, and has not answered. */
  #proposed: readonly Entry[] | undefined
  #named = 0
  readonly #held = new Map<string, number>()
  readonly #served = new Map<string, ServedRoute>()
  readonly #watchers = new Set<() => void>()

  constructor(requests: readonly RouteRequest[]) {
    this.#entries = this.#entriesFor(requests, [])
    this.#showServed()
  }

  /** By route id; follows every change. */
  get served(): ReadonlyMap<string, ServedRoute> {
    return this.#served
  }

  /**
   * Other routes. An url that stays keeps its id, and its origin is the new one at once.
   * @returns true when the relay must be asked: then the old urls stay until `grant` or `discard`.
   */
  change(requests: readonly RouteRequest[]): boolean {
    const entries = this.#entriesFor(requests, this.#entries)
    const asked = (list: readonly Entry[]): string =>
      list
        .map(({ id, pool, balance, access }) => JSON.stringify([id, pool, balance, access]))
        .sort()
        .join()
    const isAsked = asked(entries) !== asked(this.#entries)
    if (isAsked) this.#proposed = entries
    else this.#entries = entries
    this.#showServed()
    return isAsked
  }

  /** The relay refused the change. */
  discard(): void {
    this.#proposed = undefined
    this.#showServed()
  }

  #entriesFor(requests: readonly RouteRequest[], before: readonly Entry[]): readonly Entry[] {
    const free = [...before]
    return requests.map((request) => {
      const asked = formatRouteUrl(request.url)
      const at = free.findIndex(({ url }) => formatRouteUrl(url) === asked)
      const [kept] = at < 0 ? [] : free.splice(at, 1)
      return { ...request, id: kept?.id ?? `r${this.#named++}`, publicUrl: kept?.publicUrl }
    })
  }

  /** Of a change that is under way both: the relay may send visitors of either. */
  #showServed(): void {
    const shown = new Map(
      [...this.#entries, ...(this.#proposed ?? [])].map((entry) => [entry.id, served(entry)]),
    )
    for (const id of this.#served.keys()) if (!shown.has(id)) this.#served.delete(id)
    for (const [id, route] of shown) {
      const before = this.#served.get(id)
      if (!before || !isSame(before, route)) this.#served.set(id, route)
    }
    for (const look of this.#watchers) look()
  }

  /** Calls back after changes of what is served, until the function returned is called. */
  watch(look: () => void): () => void {
    this.#watchers.add(look)
    return () => void this.#watchers.delete(look)
  }

  /** The door that a visitor of the route knocks at; undefined where none need knock. */
  doorOf(routeId: string): Omit<Knock, 'visitor'> | undefined {
    const entry = [...this.#entries, ...(this.#proposed ?? [])].find(
      ({ id, knock }) => id === routeId && knock === true,
    )
    if (!entry) return undefined
    const { publicUrl, url, origin } = entry
    return { url: publicUrl ?? formatRouteUrl(url), target: formatOrigin(origin) }
  }

  /** Routes whose origins are to be looked after. */
  get checked(): readonly CheckedRoute[] {
    return this.#entries.flatMap(({ id, origin, check }) =>
      check === undefined || origin.kind === 'server' ? [] : [{ id, origin, check }],
    )
  }

  /** The names that were granted and whose TLS ends here. */
  get tlsNames(): readonly string[] {
    return this.#entries.flatMap(({ endsTls, publicUrl }) =>
      endsTls === true && publicUrl !== undefined ? [hostOf(publicUrl)] : [],
    )
  }

  /** What has been granted so far, in the order in which it was asked for. */
  get granted(): readonly PublicRoute[] {
    return this.#entries.flatMap(({ id, origin, publicUrl }) =>
      publicUrl === undefined ? [] : [{ id, url: publicUrl, target: formatOrigin(origin) }],
    )
  }

  /** For hello: empty until something was granted. */
  get held(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#held)
  }

  /** For register. A port that the relay picked is asked for by number from then on. */
  requests(): RegisterMessage['routes'] {
    return (this.#proposed ?? this.#entries).map(
      ({ id, url, publicUrl, pool, balance, access }) => ({
        id,
        url: formatRouteUrl(
          url.kind === 'tcp' && url.port === 0 && publicUrl !== undefined
            ? { ...url, port: Number(new URL(publicUrl).port) }
            : url,
        ),
        ...(pool !== undefined && { pool }),
        ...(balance !== undefined && { balance }),
        ...(access && { allow: [...access.allow], deny: [...access.deny] }),
      }),
    )
  }

  /** @returns true when the routes proposed are the agent's from now on. */
  grant(routes: RegisteredMessage['routes']): boolean {
    const proposed = this.#proposed
    const isAgreed =
      proposed !== undefined &&
      routes.length === proposed.length &&
      proposed.every(({ id }) => routes.some((route) => route.id === id))
    if (isAgreed) {
      for (const { id, publicUrl } of this.#entries) {
        const isDropped = !proposed.some((one) => one.id === id)
        if (isDropped && publicUrl !== undefined) this.#held.delete(publicUrl)
      }
      this.#entries = proposed
      this.#proposed = undefined
    }
    for (const { id, url, generation } of routes) {
      const entry = this.#entries.find((one) => one.id === id)
      if (!entry) continue
      if (entry.publicUrl !== undefined && entry.publicUrl !== url) {
        this.#held.delete(entry.publicUrl)
      }
      entry.publicUrl = url
      this.#held.set(url, generation)
    }
    this.#showServed()
    return isAgreed
  }
}

/** Whether the agent sees the visitors' HTTP. */
export function seesHttp({ url, endsTls }: Pick<RouteRequest, 'url' | 'endsTls'>): boolean {
  return url.kind === 'https' || endsTls === true
}

function served(entry: Entry): ServedRoute {
  const { url, origin, http, publicUrl, endsTls } = entry
  if (!seesHttp(entry)) return { origin }
  const own = url.kind === 'tcp' ? undefined : url.name
  const publicHost = publicUrl === undefined ? own : hostOf(publicUrl)
  const route = { origin, http: { ...(http ?? plainHttp), publicHost } }
  return endsTls === true ? { ...route, tlsName: publicHost } : route
}

function isSame(one: ServedRoute, other: ServedRoute): boolean {
  const [http, otherHttp] = [one.http, other.http]
  return (
    one.origin === other.origin &&
    http?.policy === otherHttp?.policy &&
    http?.paths === otherHttp?.paths &&
    http?.publicHost === otherHttp?.publicHost
  )
}

function hostOf(publicUrl: string): string {
  return new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1')
}
