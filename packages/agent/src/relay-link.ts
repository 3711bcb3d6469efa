// One try to reach the relay and the session that comes of it: dial, mux, control stream and
// forwarder put together. It lives once; connector.ts makes the next one.
import type { TLSSocket } from 'node:tls'
import {
  type Clock,
  type MemoryBudget,
  Session,
  type Timer,
  createWebSocketTransport,
} from '@sallyport/mux'
import {
  type HelloMessage,
  type JoinString,
  type NoticeMessage,
  type RegisterMessage,
  type RegisteredMessage,
  SallyportError,
  closeCodeOf,
} from '@sallyport/protocol'
import type { WebSocket } from 'ws'
import type { Link, LinkEvents } from './connector.ts'
import { type Control, openControl } from './control.ts'
import { Forwarder } from './forwarder.ts'
import { drainQuietMs } from './limits.ts'
import type { OriginChecks } from './origin-checks.ts'
import type { DialRelay, RelayDial } from './relay-dialler.ts'
import { sessionEnd, statedEnd } from './relay-failure.ts'
import type { VisitOptions } from './visit.ts'

export interface RelayLinkOptions {
  readonly clock: Clock
  readonly budget: MemoryBudget
  readonly join: JoinString
  readonly dialRelay: DialRelay
  readonly forwarder: VisitOptions
  /** What to say first; asked when the session stands. */
  readonly hello: () => HelloMessage
  readonly register: () => RegisterMessage
  /** Tells of origins that do not answer, until the returned function is called. */
  readonly watchOrigins: OriginChecks['watch']
  /** Calls back when routes are served otherwise, until the function returned is called. */
  readonly watchRoutes: (look: () => void) => () => void
  readonly onRegistered: (routes: RegisteredMessage['routes']) => void
  /** The relay refused a change of routes. */
  readonly onRefused: (notice: NoticeMessage) => void
  readonly onNotice: (notice: NoticeMessage) => void
  readonly onRelayDraining: () => void
  /** The session's socket is gone. Not called when there never was a session. */
  readonly onSocketClosed: () => void
  /** A session's socket exists: `onSocketClosed` will come. */
  readonly onSocketOpen: () => void
}

/** What is known of a link while it stands. */
export interface RelayLinkView extends Link {
  /** Round trip to the relay, from pings; undefined until one was answered. */
  readonly rttMs: number | undefined
  /** Visits that are not over. */
  readonly visits: number
}

export function startRelayLink(options: RelayLinkOptions, events: LinkEvents): RelayLinkView {
  return new RelayLink(options, events)
}

class RelayLink implements RelayLinkView {
  readonly #options: RelayLinkOptions
  readonly #events: LinkEvents
  readonly #forwarder: Forwarder
  readonly #dial: RelayDial
  #session: Session | undefined
  #control: Control | undefined
  #quiet: Timer | undefined
  /** What the relay said before it closed. */
  #stated: SallyportError | undefined
  #onDrained: (() => void) | undefined
  readonly #unwatchRoutes: () => void
  #unwatch: (() => void) | undefined
  #isOver = false

  constructor(options: RelayLinkOptions, events: LinkEvents) {
    this.#options = options
    this.#events = events
    this.#forwarder = new Forwarder(options.forwarder)
    this.#unwatchRoutes = options.watchRoutes(() => this.#forwarder.drainChanged())
    this.#dial = options.dialRelay(options.join, {
      connected: (ws, socket) => this.#open(ws, socket),
      failed: (error) => this.#lost(error),
    })
  }

  get rttMs(): number | undefined {
    return this.#isOver ? undefined : this.#session?.rttMs
  }

  get visits(): number {
    return this.#forwarder.visits
  }

  drain(drained: () => void): void {
    const { clock } = this.#options
    this.#onDrained = () => {
      this.#onDrained = undefined
      if (!this.#isOver) drained()
    }
    this.#control?.sendDraining()
    this.#forwarder.drain()
    // Visitors that the relay sent before it heard of the drain are still on their way.
    const roundTripMs = this.#session?.rttMs ?? 0
    this.#quiet = clock.setTimeout(
      () => this.#forwarder.whenIdle(() => this.#onDrained?.()),
      drainQuietMs + 2 * roundTripMs,
    )
  }

  register(): void {
    if (!this.#isOver) this.#control?.sendRegister(this.#options.register())
  }

  close(): void {
    if (this.#isOver) return
    this.#finish()
    this.#dial.cancel()
    const error = new SallyportError('SP_ABORTED', 'the agent ends')
    this.#session?.close(closeCodeOf('SP_DRAINING'), 'the agent ends', error)
  }

  #open(ws: WebSocket, socket: TLSSocket): void {
    const { clock, hello, register, onNotice, onRelayDraining } = this.#options
    this.#options.onSocketOpen()
    socket.once('close', () => this.#options.onSocketClosed())
    this.#session = new Session({
      transport: createWebSocketTransport(ws, socket, { masking: 'zero' }),
      side: 'agent',
      clock,
      budget: this.#options.budget,
      onStream: (stream) => this.#forwarder.accept(stream),
      onClose: (error, closeCode) => this.#lost(this.#stated ?? sessionEnd(error, closeCode)),
    })
    this.#events.connected()
    this.#control = openControl(this.#session, hello(), register(), {
      registered: (routes) => {
        this.#options.onRegistered(routes)
        this.#events.registered()
      },
      refused: (notice) => this.#options.onRefused(notice),
      notice: (notice) => {
        if (notice.fatal) this.#stated = statedEnd(notice.code, notice.message)
        else onNotice(notice)
      },
      draining: () => {
        this.#forwarder.drain()
        onRelayDraining()
      },
      failed: (error) => this.#session?.close(closeCodeOf(error.code), error.code, error),
    })
    const control = this.#control
    this.#unwatch = this.#options.watchOrigins((route, alive) => control.sendHealth(route, alive))
  }

  #lost(error: SallyportError): void {
    if (this.#isOver) return
    // The relay may be the first to leave when there is nothing to drain.
    if (this.#forwarder.visits === 0) this.#onDrained?.()
    if (this.#isOver) return
    this.#finish()
    this.#events.lost(error)
  }

  #finish(): void {
    this.#isOver = true
    this.#onDrained = undefined
    this.#unwatchRoutes()
    this.#unwatch?.()
    if (this.#quiet) this.#options.clock.clearTimeout(this.#quiet)
  }
}
