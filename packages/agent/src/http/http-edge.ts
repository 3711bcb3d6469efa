// The HTTP edge of an https route (byte path 8): takes a visitor's stream whose PROXY header was read, and
// answers it as the origin would, or says why not. HTTP/1 goes through the editing splice, HTTP/2 through
// node:http2. It does not dial by itself and knows nothing of sessions.
import type { Duplex } from 'node:stream'
import type { Clock } from '@sallyport/mux'
import { formatHost, isHost } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget, VisitorStream } from './ends.ts'
import type { ExchangeTap } from './exchange-tap.ts'
import { ForwardedFields } from './forwarded-fields.ts'
import { Http1Visitor } from './http1-visitor.ts'
import { Http2Visitor } from './http2-visitor.ts'
import type { PathTargets } from './path-targets.ts'
import { type HttpPolicy, RequestGate } from './request-gate.ts'

/** Of the PROXY header, what the edge needs. */
export interface Visit {
  readonly visitor: { readonly address: string; readonly port: number }
  readonly listener: { readonly address: string; readonly port: number }
  readonly alpn?: string
  readonly sni?: string
}

export interface HttpEdgeOptions {
  /** With its PROXY header read, and what came behind it put back. */
  readonly stream: VisitorStream
  readonly visit: Visit
  /** The stream as node:http2 wants it: `() => streamAsDuplex(stream)`. */
  readonly asDuplex: () => Duplex
  /** The route's public host, for visitors without SNI. */
  readonly publicHost?: string
  readonly targets: PathTargets<HttpTarget>
  readonly policy: HttpPolicy
  readonly clock: Clock
  /** Longest wait for an origin to accept, in ms (the channel timeout). */
  readonly dialTimeoutMs: number
  /** Longest silence of a half-closed WebSocket, in ms. */
  readonly halfClosedIdleMs: number
  readonly tap?: ExchangeTap
  /**
   * Nothing is left of the visitor, nor of the origin connections made for it. Without an error both
   * sides ended as they should; otherwise the code says who broke off.
   */
  readonly onClose?: (error: Error | undefined) => void
}

export interface HttpEdge {
  /**
   * Lets the answer under way finish, then ends. An idle visitor is ended at once; one that has asked
   * for nothing yet may still do so, for a moment.
   */
  drain(): void
  /** Ends at once; the visitor sees a broken connection. */
  abort(): void
}

/** Accepts the stream and takes it over. */
export function startHttpEdge(options: HttpEdgeOptions): HttpEdge {
  const { stream, visit, asDuplex, onClose = () => {} } = options
  const setup = createSetup(options)
  stream.accept()
  if (visit.alpn === 'h2') return new Http2Visitor(asDuplex(), setup, onClose)
  const visitor = new Http1Visitor(stream, setup, onClose)
  stream.receive(visitor)
  return visitor
}

function createSetup(options: HttpEdgeOptions): EdgeSetup {
  const { visit, policy, publicHost } = options
  const forwarded = new ForwardedFields({
    visitorAddress: visit.visitor.address,
    listenerPort: visit.listener.port,
    trustedProxies: policy.trustedProxies,
  })
  const { sni } = visit
  // The SNI is the visitor's own words: only a host name may become a Host.
  const host = sni !== undefined && isHost(sni) ? sni : (publicHost ?? visit.listener.address)
  return {
    policy,
    forwarded,
    gate: new RequestGate(policy, sni ?? publicHost, forwarded),
    targets: options.targets,
    clock: options.clock,
    tap: options.tap,
    visitorAddress: visit.visitor.address,
    defaultHost: formatHost(host),
    dialTimeoutMs: options.dialTimeoutMs,
    halfClosedIdleMs: options.halfClosedIdleMs,
  }
}
