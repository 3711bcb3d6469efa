// Byte path 8/8: a visitor's stream arrives at the agent. Reads its PROXY header and finds the route. On
// https routes the HTTP edge takes the stream; else it dials the origin at once, and splices when it
// accepted; a refusal resets the stream. What comes before the origin has accepted waits in the stream,
// uncredited. It dials configured origins only.
import type { NetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Clock,
  type Linked,
  type MuxStream,
  type SocketEnd,
  type Timer,
  splice,
  streamAsDuplex,
} from '@sallyport/mux'
import {
  type ProxyHeader,
  SallyportError,
  decodeProxyHeader,
  halfClosedIdleMs,
  isSallyportError,
} from '@sallyport/protocol'
import { type EndTlsOptions, endTls } from './certificates/end-tls.ts'
import { TlsStream } from './certificates/tls-stream.ts'
import type { OriginDial } from './dial-origin.ts'
import {
  type ExchangeTap,
  type HttpEdge,
  type HttpEdgeOptions,
  startHttpEdge,
} from './http/index.ts'
import { httpTargets } from './http-targets.ts'
import { visitPreamble } from './origin-preamble.ts'
import { type DialledOrigin, type Origin, formatOrigin } from './origin.ts'
import { reachOrigin } from './reach-origin.ts'
import type { HttpRoute, ServedRoute } from './served-route.ts'
import { type VisitReport, endOfEdge } from './visit-report.ts'

export interface VisitOptions {
  readonly clock: Clock
  /** How long a visitor waits until its origin has accepted. */
  readonly channelTimeoutMs: number
  /** By route id. */
  readonly routes: ReadonlyMap<string, ServedRoute>
  readonly dialSocket: (options: NetConnectOpts) => SocketEnd
  /** The origin answered a dial, or refused it with this error. */
  readonly onDialled: (origin: Origin, error?: SallyportError) => void
  readonly onVisit: (report: VisitReport) => void
  /** Of routes whose TLS ends here. */
  readonly certificates?: EndTlsOptions['certificates'] | undefined
  /** Looks on at the HTTP of a route. */
  readonly tapOf?: ((route: string) => ExchangeTap | undefined) | undefined
  /** Undefined: the visitor may come in. Otherwise calls back later, with why not if so. */
  readonly knock?: (
    header: ProxyHeader,
    onKnocked: (refusal: SallyportError | undefined) => void,
  ) => { cancel(): void } | undefined
}

export class Visit implements Linked<Visit> {
  older: Visit | undefined
  newer: Visit | undefined
  readonly #stream: MuxStream
  readonly #options: VisitOptions
  readonly #onOver: (report: VisitReport) => void
  readonly #startMs: number
  readonly #timer: Timer
  #early: Buffer = Buffer.alloc(0)
  #header: ProxyHeader | undefined
  /** What the visitor waits for: an answer to its knock, then its origin. */
  #dial: OriginDial | undefined
  #edge: HttpEdge | undefined
  /** As it was when the edge took the visitor. */
  #route: ServedRoute | undefined
  #isDraining = false

  constructor(stream: MuxStream, options: VisitOptions, onOver: (report: VisitReport) => void) {
    this.#stream = stream
    this.#options = options
    this.#onOver = onOver
    this.#startMs = options.clock.now()
    this.#timer = options.clock.setTimeout(() => this.#late(), options.channelTimeoutMs)
  }

  start(): void {
    this.#stream.receive({
      onData: (chunk) => this.#onHeaderBytes(chunk),
      onEnd: () => this.#refuse(new SallyportError('SP_PROTOCOL', 'a stream without a header')),
      onReset: (error) => this.#leave(error),
    })
  }

  drain(): void {
    this.#isDraining = true
    this.#edge?.drain()
  }

  get isCurrent(): boolean {
    return !this.#route || this.#options.routes.get(this.#header?.route ?? '') === this.#route
  }

  /** The header comes first and mostly whole; its bound is decodeProxyHeader's. */
  #onHeaderBytes(chunk: Buffer): void {
    const bytes = this.#early.length === 0 ? chunk : Buffer.concat([this.#early, chunk])
    try {
      const decoded = decodeProxyHeader(bytes)
      if (decoded === undefined) {
        this.#early = bytes
        return
      }
      this.#header = decoded.header
      this.#early = Buffer.alloc(0)
      this.#stream.consumed(decoded.length)
      this.#stream.putBack(bytes.subarray(decoded.length))
      this.#stream.receive({ onReset: (error) => this.#leave(error) })
      this.#admit(decoded.header)
    } catch (error) {
      if (!isSallyportError(error)) throw error
      this.#refuse(error)
    }
  }

  /** Who is not known waits for somebody's word, where the route says so. */
  #admit(header: ProxyHeader): void {
    this.#dial = this.#options.knock?.(header, (refusal) => {
      this.#dial = undefined
      if (refusal) this.#refuse(refusal)
      else this.#reach(header)
    })
    if (!this.#dial) this.#reach(header)
  }

  #reach(header: ProxyHeader): void {
    const route = this.#options.routes.get(header.route)
    this.#route = route
    if (!route) {
      this.#refuse(
        new SallyportError('SP_PROTOCOL', `a visitor for the unknown route ${header.route}`),
      )
    } else if (route.http && route.tlsName !== undefined) {
      this.#endTls(route.tlsName, route.origin, route.http, header)
    } else if (route.http) this.#serveHttp(route.origin, route.http, header)
    else if (route.origin.kind === 'server') this.#serve(route.origin)
    else this.#dialOrigin(route.origin, header)
  }

  #dialOrigin(origin: DialledOrigin, header: ProxyHeader): void {
    const { clock, dialSocket } = this.#options
    const { proxyProtocol } = origin
    const preamble = proxyProtocol && visitPreamble(proxyProtocol, header)
    this.#dial = reachOrigin(
      origin,
      { clock, dialSocket, preamble },
      {
        connected: (end) => {
          this.#options.onDialled(origin)
          this.#join(end)
        },
        failed: (error) => {
          this.#options.onDialled(origin, error)
          this.#refuse(error)
        },
      },
    )
  }

  /** The relay passes the visitor's TLS on: what is inside is seen here first. */
  #endTls(name: string, origin: Origin, route: HttpRoute, header: ProxyHeader): void {
    const { certificates } = this.#options
    if (!certificates) {
      this.#refuse(new SallyportError('SP_INTERNAL', `nobody keeps a certificate of ${name}`))
      return
    }
    this.#dial = endTls(
      { stream: this.#stream, name, certificates },
      {
        secured: (socket, sni) => {
          this.#dial = undefined
          const { alpnProtocol: alpn } = socket
          const inside = {
            ...header,
            ...(typeof alpn === 'string' ? { alpn } : {}),
            ...(sni === undefined ? {} : { sni }),
          }
          const stream = new TlsStream(socket)
          // Not the socket itself: node:http2 hangs on one whose TLS stands on a Duplex.
          const asDuplex = (): Duplex => streamAsDuplex(stream)
          this.#serveHttp(origin, route, inside, { stream, asDuplex })
        },
        challenged: () => {
          this.#cancel()
          this.#over('end', undefined)
        },
        failed: (error) => this.#refuse(error),
      },
    )
  }

  /** The edge takes the visitor at once, and says itself what an origin does not. */
  #serveHttp(
    origin: Origin,
    route: HttpRoute,
    header: ProxyHeader,
    ends: Pick<HttpEdgeOptions, 'stream' | 'asDuplex'> = {
      stream: this.#stream,
      asDuplex: () => streamAsDuplex(this.#stream),
    },
  ): void {
    const { clock, channelTimeoutMs, tapOf } = this.#options
    const stream = this.#stream
    const tap = tapOf?.(header.route)
    clock.clearTimeout(this.#timer)
    this.#edge = startHttpEdge({
      ...ends,
      visit: header,
      ...(route.publicHost === undefined ? {} : { publicHost: route.publicHost }),
      targets: httpTargets(origin, route, header, this.#options),
      policy: route.policy,
      clock,
      dialTimeoutMs: channelTimeoutMs,
      halfClosedIdleMs,
      ...(tap ? { tap } : {}),
      onClose: (error) =>
        this.#over(endOfEdge(error), error, stream.bytesReceived, stream.bytesSent),
    })
    if (this.#isDraining) this.#edge.drain()
  }

  #join(end: SocketEnd): void {
    const { clock } = this.#options
    this.#dial = undefined
    clock.clearTimeout(this.#timer)
    this.#stream.accept()
    splice(end, this.#stream, {
      clock,
      onClose: ({ bytesFromSocket, bytesToSocket, endedBy, error }) => {
        const by = { end: 'end', idle: 'idle', socket: 'origin', stream: 'visitor' } as const
        this.#over(by[endedBy], error, bytesToSocket, bytesFromSocket)
      },
    })
  }

  /** A server of this program takes the stream as if it had accepted a socket. */
  #serve({ server }: Origin & { kind: 'server' }): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#stream.accept()
    const duplex = streamAsDuplex(this.#stream)
    const visitor = this.#header?.visitor
    Object.assign(duplex, { remoteAddress: visitor?.address, remotePort: visitor?.port })
    // As net.Server has its sockets, unless it was made with allowHalfOpen (an http.Server is).
    const isHalfOpen = 'allowHalfOpen' in server && server.allowHalfOpen === true
    if (!isHalfOpen) duplex.once('end', () => duplex.end())
    let failure: Error | undefined
    duplex.on('error', (error) => {
      failure = error
    })
    duplex.once('close', () => {
      const { bytesReceived, bytesSent } = this.#stream
      this.#over(failure ? 'visitor' : 'end', failure, bytesReceived, bytesSent)
    })
    // What its listener throws is the program's own, not a failure of the session.
    queueMicrotask(() => server.emit('connection', duplex))
  }

  #late(): void {
    const origin = this.#header && this.#options.routes.get(this.#header.route)?.origin
    const what = origin ? `origin ${formatOrigin(origin)}` : "a visitor's header"
    const waited = `within ${this.#options.channelTimeoutMs / 1000} s`
    this.#refuse(new SallyportError('SP_CHANNEL_TIMEOUT', `no answer from ${what} ${waited}`))
  }

  #refuse(error: SallyportError): void {
    this.#stream.reset()
    this.#cancel()
    this.#over('refused', error)
  }

  /** The visitor or the session is gone before the origin accepted. */
  #leave(error: SallyportError): void {
    this.#cancel()
    this.#over('visitor', error)
  }

  #cancel(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#dial?.cancel()
    this.#dial = undefined
  }

  #over(
    endedBy: VisitReport['endedBy'],
    error: Error | undefined,
    bytesFromVisitor = 0,
    bytesToVisitor = 0,
  ): void {
    this.#onOver({
      visitor: this.#header?.visitor.address,
      route: this.#header?.route,
      bytesFromVisitor,
      bytesToVisitor,
      durationMs: this.#options.clock.now() - this.#startMs,
      endedBy,
      error,
    })
  }
}
