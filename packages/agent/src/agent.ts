// The composition root: routes, sessions with the relay, origins and events put together. Reads
// nothing of the process and prints nothing: cli.ts does, and so may an embedding program.
import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { MemoryBudget } from '@sallyport/mux'
import {
  ExitCode,
  type JoinString,
  type RegisteredMessage,
  type SallyportError,
  agentBudgetBytes,
  controlVersion,
} from '@sallyport/protocol'
import { type AgentWorld, realWorld } from './agent-world.ts'
import { Backoff } from './backoff.ts'
import { keepCertificates } from './certificates/keep-certificates.ts'
import type { CertificateSettings, OwnCertificates } from './certificates/own-certificates.ts'
import { Connector } from './connector.ts'
import { ConnectorSet } from './connector-set.ts'
import { DoctorTap, addressOfTarget, joinTaps } from './doctor/doctor-tap.ts'
import type { AgentEvent, AgentEventName, AgentEvents, PublicRoute } from './events.ts'
import type { VisitOptions } from './visit.ts'
import type { HttpProxy } from './http-proxy.ts'
import type { SendReplay } from './inspector/index.ts'
import { type AskAboutKnock, KnockDesk } from './knock.ts'
import { KnownVisitors } from './known-visitors.ts'
import { OriginChecks } from './origin-checks.ts'
import { OriginHealth } from './origin-health.ts'
import { createRelayDialler } from './relay-dialler.ts'
import { type RelayLinkOptions, type RelayLinkView, startRelayLink } from './relay-link.ts'
import { RouteBook, type RouteRequest } from './route-book.ts'
import { createReplaySender } from './send-replay.ts'

export interface AgentSettings {
  readonly join: JoinString
  /** At least one. */
  readonly routes: readonly RouteRequest[]
  /** How long a visitor waits until an origin has accepted. */
  readonly channelTimeoutSeconds: number
  /** Sessions side by side, 1 to 8. */
  readonly connections: number
  /** False: the first failure to reach the relay ends the agent. */
  readonly retry: boolean
  /** Between agent and relay. */
  readonly httpProxy?: HttpProxy | undefined
  /** Of routes with `endsTls`: where their certificates come from. */
  readonly certificates?: CertificateSettings | undefined
  /** Asked about unknown visitors of routes with `knock`; absent: they may not come in. */
  readonly askAboutKnock?: AskAboutKnock | undefined
  /** Default: those for whom `always` is answered, as long as this agent lives. */
  readonly knownVisitors?: KnownVisitors | undefined
  /** Name and version, for the relay's log. */
  readonly software: string
}

/** Exits that are a refusal by the relay, or of it. */
const refusalExits: ReadonlySet<ExitCode> = new Set([
  ExitCode.refused,
  ExitCode.pinMismatch,
  ExitCode.replaced,
])

/** The name under which every event is emitted beside its own. */
const anyEvent = Symbol('any event')

/** An agent: nothing happens before `start()`. */
export class Agent implements AsyncDisposable {
  /** Settles, never rejects, when the agent has ended and its sockets to the relay are gone; with
   * the reason, unless it was asked to end and every visitor had finished. */
  readonly stopped: Promise<SallyportError | undefined>
  /** Sends a captured request of an https route to its origin once more. */
  readonly sendReplay: SendReplay
  readonly #settings: AgentSettings
  readonly #world: AgentWorld
  readonly #book: RouteBook
  readonly #health: OriginHealth
  readonly #doctor: DoctorTap
  readonly #checks: OriginChecks
  readonly #connectors: ConnectorSet
  /** By connection, the newest. */
  readonly #links = new Map<number, RelayLinkView>()
  readonly #knocks: KnockDesk
  readonly #certificates: OwnCertificates | undefined
  readonly #emitter = new EventEmitter()
  /** One for all its sessions. */
  readonly #budget = new MemoryBudget(agentBudgetBytes)
  readonly #process = randomBytes(16).toString('base64url')
  #resolveStopped: (reason: SallyportError | undefined) => void = () => {}
  #end: { readonly reason: SallyportError | undefined } | undefined
  #openSockets = 0

  constructor(settings: AgentSettings, world: Partial<AgentWorld> = {}) {
    this.#settings = settings
    this.#world = { ...realWorld, ...world }
    this.#book = new RouteBook(settings.routes)
    this.#checks = new OriginChecks({ ...this.#world, routes: this.#book.checked })
    this.#health = new OriginHealth({
      ...this.#world,
      onChange: (change) => this.#tell({ event: 'origin', ...change }),
    })
    this.#doctor = new DoctorTap({
      addressOf: (target) => addressOfTarget(this.routes, target),
      onAdvice: (advice) => this.#tell({ event: 'advice', ...advice }),
    })
    this.#knocks = new KnockDesk({
      clock: this.#world.clock,
      known: settings.knownVisitors ?? new KnownVisitors(),
      ask: settings.askAboutKnock ?? (() => undefined),
      channelTimeoutMs: settings.channelTimeoutSeconds * 1000,
      onKnock: (report) => this.#tell({ event: 'knock', ...report }),
    })
    this.#certificates =
      settings.certificates &&
      keepCertificates(settings.certificates, this.#world, (event) => this.#tell(event))
    this.sendReplay = createReplaySender(this.#visitOptions())
    this.#connectors = this.#createConnectors()
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve
    })
  }

  /** The public url of the first route; empty until the relay has granted it. */
  get url(): string {
    return this.routes[0]?.url ?? ''
  }

  /** The routes that the relay has granted. */
  get routes(): readonly PublicRoute[] {
    return this.#book.granted
  }

  /** Whether this agent handles the HTTP of a route; else its bytes pass as they are. */
  seesHttp(routeId: string): boolean {
    return this.#book.served.get(routeId)?.http !== undefined
  }

  /** True while visitors can come. */
  get isReady(): boolean {
    return this.#connectors.isServing
  }

  /** The shortest round trip to the relay of its sessions, ms; undefined while none is known. */
  get roundTripMs(): number | undefined {
    const known = [...this.#links.values()].flatMap(({ rttMs }) => rttMs ?? [])
    return known.length === 0 ? undefined : Math.min(...known)
  }

  /** Visits that are not over. */
  get visitors(): number {
    return [...this.#links.values()].reduce((sum, { visits }) => sum + visits, 0)
  }

  on<Name extends AgentEventName>(name: Name, listener: (event: AgentEvents[Name]) => void): this {
    this.#emitter.on(name, listener)
    return this
  }

  off<Name extends AgentEventName>(name: Name, listener: (event: AgentEvents[Name]) => void): this {
    this.#emitter.off(name, listener)
    return this
  }

  /** Every event, with its name. */
  onAny(listener: (event: AgentEvent) => void): this {
    this.#emitter.on(anyEvent, listener)
    return this
  }

  start(): this {
    for (const { origin } of this.#settings.routes) {
      if (origin.kind !== 'server') void this.#health.check(origin)
    }
    this.#checks.start()
    this.#connectors.start()
    return this
  }

  /**
   * Other routes, while it serves: urls that stay keep their visitors, and get their new origin at
   * once; urls that go take no new ones. A `ready` event tells when the relay has agreed, a `notice`
   * when it has not, and then everything is as it was.
   */
  setRoutes(routes: readonly RouteRequest[]): void {
    for (const { origin } of routes) {
      if (origin.kind !== 'server') void this.#health.check(origin)
    }
    if (this.#book.change(routes)) this.#connectors.register()
    else this.#checks.setRoutes(this.#book.checked)
  }

  /** Takes no new visitors, waits for the running ones up to the grace of 30 s, and ends. */
  async close(): Promise<void> {
    if (this.isReady) this.#tell({ event: 'draining', by: 'agent' })
    this.#knocks.close()
    this.#connectors.drain()
    await this.stopped
  }

  /** Ends now: visitors are cut off, so that none can take it for an end. */
  async destroy(): Promise<void> {
    this.#knocks.close()
    this.#connectors.stop()
    await this.stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #createConnectors(): ConnectorSet {
    const { clock, random, drainGraceMs } = this.#world
    return new ConnectorSet(
      this.#settings.connections,
      (index, onState) =>
        new Connector({
          clock,
          backoff: new Backoff({ now: () => clock.now(), random }),
          retry: this.#settings.retry,
          drainGraceMs,
          startLink: (events) => {
            const link = startRelayLink(this.#linkOptions(index), events)
            this.#links.set(index, link)
            return link
          },
          onState,
        }),
      {
        serving: () => this.#tell({ event: 'ready', url: this.url, routes: this.routes }),
        lost: (error) => this.#tell({ event: 'lost', ...failureOf(error) }),
        waiting: (connection, delayMs, error) =>
          this.#tell({ event: 'reconnecting', connection, delayMs, ...failureOf(error) }),
        stopped: (reason) => {
          this.#end = { reason }
          this.#checks.stop()
          this.#certificates?.[Symbol.dispose]()
          this.#knocks.close()
          this.#settle()
        },
      },
    )
  }

  #linkOptions(connection: number): RelayLinkOptions {
    const { join, software, channelTimeoutSeconds, httpProxy } = this.#settings
    return {
      ...this.#world,
      ...(httpProxy && { dialRelay: createRelayDialler(httpProxy) }),
      budget: this.#budget,
      join,
      watchRoutes: (look) => this.#book.watch(look),
      watchOrigins: (watcher) => this.#checks.watch(watcher),
      forwarder: this.#visitOptions(),
      hello: () => ({
        type: 'hello',
        version: controlVersion,
        software,
        process: this.#process,
        connection,
        held: this.#book.held,
      }),
      register: () => ({
        type: 'register',
        channelTimeoutSeconds,
        routes: this.#book.requests(),
      }),
      onRegistered: (routes) => this.#onRegistered(routes),
      onRefused: ({ code, message }) => {
        this.#book.discard()
        this.#tell({ event: 'notice', code, message: `the routes stay as they were: ${message}` })
      },
      onNotice: ({ code, message }) => this.#tell({ event: 'notice', code, message }),
      onRelayDraining: () => {
        if (this.isReady) this.#tell({ event: 'draining', by: 'relay' })
      },
      onSocketOpen: () => {
        this.#openSockets += 1
      },
      onSocketClosed: () => {
        this.#openSockets -= 1
        this.#settle()
      },
    }
  }

  #onRegistered(routes: RegisteredMessage['routes']): void {
    const before = this.routes.map(({ url }) => url).join()
    if (this.#book.grant(routes)) this.#checks.setRoutes(this.#book.checked)
    this.#certificates?.keep(this.#book.tlsNames)
    const isChanged = this.routes.map(({ url }) => url).join() !== before
    // The first grant of a session is told when the session serves.
    if (!isChanged || !this.isReady) return
    this.#tell({ event: 'ready', url: this.url, routes: this.routes })
  }

  #visitOptions(): VisitOptions {
    return {
      ...this.#world,
      channelTimeoutMs: this.#settings.channelTimeoutSeconds * 1000,
      routes: this.#book.served,
      tapOf: (route) => joinTaps(this.#world.tapOf?.(route), this.#doctor),
      certificates: this.#certificates,
      knock: ({ route, visitor }, onKnocked) => {
        const door = this.#book.doorOf(route)
        return door && this.#knocks.knock({ visitor: visitor.address, ...door }, onKnocked)
      },
      onDialled: (origin, error) => {
        if (origin.kind === 'server') return
        if (error) {
          this.#health.refused(origin, error.message)
          this.#checks.refused(origin)
        } else this.#health.answered(origin)
      },
      onVisit: ({ error, ...visit }) =>
        this.#tell({ event: 'visit', ...visit, message: error?.message }),
    }
  }

  /** Ended once every connector has stopped and the last goodbye has left. */
  #settle(): void {
    if (!this.#end || this.#openSockets > 0) return
    const { reason } = this.#end
    this.#end = undefined
    if (reason && refusalExits.has(reason.exit)) {
      this.#tell({ event: 'refused', ...failureOf(reason) })
    }
    this.#tell({ event: 'stopped', ...(reason && failureOf(reason)) })
    this.#resolveStopped(reason)
  }

  #tell(event: AgentEvent): void {
    const { event: name, ...payload } = event
    this.#emitter.emit(name, payload)
    this.#emitter.emit(anyEvent, event)
  }
}

function failureOf({ code, message }: SallyportError): Pick<SallyportError, 'code' | 'message'> {
  return { code, message }
}
