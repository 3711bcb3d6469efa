// One request on its way and the answer to it, between an HTTP/1 visitor and an origin connection: writes
// the origin's bytes to the visitor as its version wants them framed, and knows whether the visitor's
// connection can go on afterwards. It owns neither end.
import type { SallyportError } from '@sallyport/protocol'
import { ByteBatch, type ByteSink } from './byte-batch.ts'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget } from './ends.ts'
import type { GuardedObserver } from './exchange-tap.ts'
import { failure } from './failure.ts'
import type { HeadParser } from './head-parser.ts'
import type { OriginConnection, ResponseListener } from './origin-connection.ts'
import type { RequestHead } from './request-head.ts'
import type { RequestSender } from './request-sender.ts'
import { encodeResponseHead } from './response-editor.ts'
import { type ResponseHead, isInterim } from './response-head.ts'
import type { SilenceTimer } from './silence-timer.ts'
import { listFields } from './field-list.ts'
import { encodeTrailers } from './trailer-fields.ts'
import { WebSocketEnds } from './websocket-ends.ts'

/** What the exchange asks of its visitor. */
export interface ExchangeHost extends ByteSink {
  readonly setup: EdgeSetup
  /** No further request is wanted on this connection. */
  readonly isClosing: boolean
  /** The answer is whole. */
  onExchangeEnd(exchange: Exchange): void
  /** The origin is gone before the answer was whole, or before it began. */
  onOriginLost(exchange: Exchange, error: SallyportError): void
  onOriginDrain(): void
  /** The origin became a WebSocket; what the visitor sends from here on is raw. */
  onWebSocketBegin(): void
  /** The origin has sent its last. */
  onWebSocketEnd(): void
  /** Both sides have. */
  onBothEnded(): void
}

/** One for all visitors: it is used within one event. */
const toVisitor = new ByteBatch()

export class Exchange implements ResponseListener {
  readonly request: RequestHead
  readonly target: HttpTarget
  readonly observer: GuardedObserver | undefined
  readonly #host: ExchangeHost
  readonly #sender: RequestSender
  readonly #silence: SilenceTimer
  origin: OriginConnection | undefined
  /** The visitor's connection ends with this answer. */
  isLast = false
  /** The head of the final answer was written. */
  hasAnswered = false
  responseBytes = 0
  #isChunked = false
  #beganWebSocket = false
  #webSocket: WebSocketEnds | undefined

  constructor(
    host: ExchangeHost,
    request: RequestHead,
    target: HttpTarget,
    sender: RequestSender,
    silence: SilenceTimer,
    observer: GuardedObserver | undefined,
  ) {
    this.#host = host
    this.request = request
    this.target = target
    this.#sender = sender
    this.#silence = silence
    this.observer = observer
  }

  begin(origin: OriginConnection): void {
    this.origin = origin
    const { line, webSocketKey } = this.request
    origin.begin({ isHead: line.method === 'HEAD', webSocketKey }, this)
    this.#silence.start()
  }

  /** The origin waits for the visitor, or may not send on because of it. */
  get waitsForVisitor(): boolean {
    const isUploading = !this.#sender.isDone && !this.#sender.isBlocked
    return isUploading || (this.origin?.isPaused ?? false)
  }

  onReadStart(): void {
    this.#silence.touch()
    toVisitor.begin(this.#host)
  }

  onResponseHead(parser: HeadParser, head: ResponseHead): void {
    const { line, isPersistent, expectsContinue } = this.request
    const visitorMinor = line.minor
    if (isInterim(head)) {
      // RFC 9110 §15.2: HTTP/1.0 knows none; a 100 that nobody waits for means nothing.
      if (visitorMinor === 0 || (head.status === 100 && !expectsContinue)) return
    } else {
      this.hasAnswered = true
      this.#sender.keepNothing()
      this.#isChunked = head.body.kind === 'chunked' && visitorMinor === 1
      const endsByClose =
        head.body.kind === 'until-close' || (head.body.kind === 'chunked' && visitorMinor === 0)
      // An answer that overtakes the request's body leaves it unclear what follows: RFC 9112 §9.3.
      this.isLast = !isPersistent || endsByClose || !this.#sender.isDone || this.#host.isClosing
      if (head.isWebSocket) this.#beginWebSocket()
      this.observer?.tell((observer) =>
        observer.onResponseHead?.({
          status: head.status,
          reason: head.reason,
          fields: () => listFields(parser),
        }),
      )
    }
    encodeResponseHead(toVisitor, parser, head, {
      visitorMinor,
      isLast: this.isLast,
      rules: this.#host.setup.policy.responseHeaders,
    })
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.responseBytes += end - start
    toVisitor.range(bytes, start, end, false)
    if (this.observer?.isLooking) {
      this.observer.tell((observer) => observer.onResponseBody?.(bytes, start, end))
    }
  }

  onChunkStart(size: number): void {
    if (this.#isChunked) toVisitor.text(`${size.toString(16)}\r\n`)
  }

  onChunkEnd(): void {
    if (this.#isChunked) toVisitor.text('\r\n')
  }

  onTrailers(trailers: HeadParser): void {
    if (this.#isChunked) encodeTrailers(toVisitor, trailers)
  }

  onWebSocket(bytes: Buffer, start: number, end: number): void {
    this.#webSocket?.touch()
    this.responseBytes += end - start
    toVisitor.range(bytes, start, end, false)
    if (this.observer?.isLooking) {
      this.observer.tell((observer) => observer.onWebSocket?.('origin', bytes, start, end))
    }
  }

  onWebSocketEnd(): void {
    this.#host.onWebSocketEnd()
    this.#webSocket?.ended('origin')
  }

  /** Bytes of the visitor's, raw. False: hold back until the origin drains. */
  fromVisitor(chunk: Buffer): boolean {
    this.#webSocket?.touch()
    this.observer?.tell((observer) => observer.onWebSocket?.('visitor', chunk, 0, chunk.length))
    return this.origin?.write(chunk) ?? true
  }

  visitorEnded(): void {
    this.origin?.endWrites()
    this.#webSocket?.ended('visitor')
  }

  onReadDone(): void {
    if (!toVisitor.flush()) this.origin?.pause()
    if (!this.#beganWebSocket) return
    this.#beganWebSocket = false
    this.#host.onWebSocketBegin()
  }

  #beginWebSocket(): void {
    const { clock, halfClosedIdleMs } = this.#host.setup
    this.#silence.stop()
    this.#beganWebSocket = true
    this.#webSocket = new WebSocketEnds({
      clock,
      halfClosedIdleMs,
      onOver: () => this.#host.onBothEnded(),
      onSilence: () => this.#host.onOriginLost(this, failure('SP_ABORTED', 'one side is silent')),
    })
  }

  onResponseEnd(): void {
    this.#host.onExchangeEnd(this)
  }

  onOriginLost(error: SallyportError): void {
    this.#host.onOriginLost(this, error)
  }

  onOriginDrain(): void {
    this.#silence.touch()
    this.#host.onOriginDrain()
  }

  /** Over: tells who looks on. */
  finish(error: SallyportError | undefined): void {
    this.#silence.stop()
    this.#webSocket?.stop()
    const outcome = {
      requestBytes: this.#sender.bodyBytes,
      responseBytes: this.responseBytes,
      error,
    }
    this.observer?.tell((observer) => observer.onEnd?.(outcome))
  }
}
