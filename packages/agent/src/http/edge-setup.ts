// What every part of one visitor's HTTP edge needs: the route's policy and targets, who the visitor is,
// time, and who looks on. Built once per visitor by http-edge.ts. No code.
import type { Clock } from '@sallyport/mux'
import type { HttpTarget } from './ends.ts'
import type { ExchangeTap } from './exchange-tap.ts'
import type { ForwardedFields } from './forwarded-fields.ts'
import type { PathTargets } from './path-targets.ts'
import type { HttpPolicy, RequestGate } from './request-gate.ts'

export interface EdgeSetup {
  readonly policy: HttpPolicy
  readonly gate: RequestGate
  readonly forwarded: ForwardedFields
  readonly targets: PathTargets<HttpTarget>
  readonly clock: Clock
  readonly tap: ExchangeTap | undefined
  readonly visitorAddress: string
  /** The Host of a request that has none (HTTP/1.0). */
  readonly defaultHost: string
  /** Longest wait for an origin to accept, in ms. */
  readonly dialTimeoutMs: number
  /** Longest silence of a WebSocket that one side has ended, in ms. */
  readonly halfClosedIdleMs: number
}
