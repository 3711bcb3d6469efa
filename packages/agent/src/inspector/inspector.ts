// The inspector without its server: what it is told, what it keeps, and what it can send again.
import type { Clock } from '@sallyport/mux'
import type { AgentEvents } from '../events.ts'
import type { ExchangeTap } from '../http/index.ts'
import type { Exchange } from './exchange.ts'
import { ExchangeStore } from './exchange-store.ts'
import { Recorder } from './recorder.ts'
import { Replayer, type SendReplay } from './replay.ts'
import { Traffic } from './traffic.ts'
import { VisitLog } from './visit-log.ts'
import type { ReplayEdits } from './wire.ts'

/** A route, as people and scripts name it. */
export interface InspectedTunnel {
  /** Its id, as in events. */
  readonly route: string
  readonly name: string
  /** `https://app.example.com`. */
  readonly publicUrl: string
  /** `https` where HTTP is seen; else the scheme of its public url. */
  readonly protocol: string
  /** `http://localhost:3000`. */
  readonly target: string
}

export interface InspectorOptions {
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  /** The routes of now; asked whenever they are shown. */
  readonly tunnels: () => readonly InspectedTunnel[]
  readonly send: SendReplay
}

export interface Inspector {
  /** What looks on at a route's exchanges. */
  tapOf(route: string): ExchangeTap
  /** A visit is over; those of https routes are only counted. */
  recordVisit(visit: AgentEvents['visit']): void
  /** Starts to send an exchange again. @throws {SallyportError} SP_USAGE. */
  replay(exchange: Exchange, edits?: ReplayEdits): Exchange
  readonly clock: Clock
  readonly exchanges: ExchangeStore
  readonly traffic: Traffic
  readonly visits: VisitLog
  readonly tunnels: readonly InspectedTunnel[]
  tunnelOf(route: string): InspectedTunnel | undefined
}

export function createInspector({ clock, wallNow, tunnels, send }: InspectorOptions): Inspector {
  const exchanges = new ExchangeStore()
  const traffic = new Traffic(clock)
  const visits = new VisitLog()
  const recorder = new Recorder({ clock, wallNow, store: exchanges, traffic })
  const replayer = new Replayer({ clock, recorder, send })
  const tunnelOf = (route: string): InspectedTunnel | undefined =>
    tunnels().find((tunnel) => tunnel.route === route)
  return {
    tapOf: (route) => recorder.tapOf(route),
    recordVisit(visit) {
      const { route = '', durationMs, bytesFromVisitor, bytesToVisitor } = visit
      const isHttp = tunnelOf(route)?.protocol === 'https'
      const bytes = { in: bytesFromVisitor, out: bytesToVisitor }
      traffic.visitEnded(route, durationMs, isHttp ? undefined : bytes)
      if (!isHttp) visits.add(visit, wallNow())
    },
    replay: (exchange, edits) => replayer.start(exchange, edits),
    clock,
    exchanges,
    traffic,
    visits,
    get tunnels() {
      return tunnels()
    },
    tunnelOf,
  }
}
