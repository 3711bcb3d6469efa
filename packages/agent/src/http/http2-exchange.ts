// One request of an HTTP/2 visitor to an HTTP/1 origin, and the answer back. node:http2 holds the visitor's
// side; this passes bodies between it and an origin connection of its own, with back-pressure both ways.
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget } from './ends.ts'
import type { GuardedObserver } from './exchange-tap.ts'
import { failure } from './failure.ts'
import { listFields } from './field-list.ts'
import type { HeadParser } from './head-parser.ts'
import { answerHttp2Error, closeUnread } from './http2-error-answer.ts'
import type { Http2Request } from './http2-request.ts'
import { http2ResponseHeaders, http2Trailers } from './http2-response.ts'
import { Http2Upload } from './http2-upload.ts'
import type { OriginConnection, ResponseListener } from './origin-connection.ts'
import type { OriginDialling } from './origin-dialling.ts'
import type { OriginPool } from './origin-pool.ts'
import { isSafe } from './request-sender.ts'
import { type ResponseHead, isInterim } from './response-head.ts'
import { createOriginSilence } from './origin-silence.ts'
import type { SilenceTimer } from './silence-timer.ts'

export interface Http2ExchangeOptions {
  readonly setup: EdgeSetup
  readonly pool: OriginPool
  readonly target: HttpTarget
  readonly stream: ServerHttp2Stream
  readonly request: Http2Request
  /** The visitor sends no body. */
  readonly isEmpty: boolean
  readonly observer: GuardedObserver | undefined
}

export class Http2Exchange implements ResponseListener {
  readonly #options: Http2ExchangeOptions
  readonly #stream: ServerHttp2Stream
  readonly #upload: Http2Upload
  readonly #silence: SilenceTimer
  #origin: OriginConnection | undefined
  #dialling: OriginDialling | undefined
  #trailers: OutgoingHttpHeaders = {}
  #hasAnswered = false
  #isOver = false
  #responseBytes = 0

  constructor(options: Http2ExchangeOptions) {
    const { setup, stream, request, isEmpty, observer } = options
    this.#options = options
    this.#stream = stream
    this.#upload = new Http2Upload({
      stream,
      request,
      isEmpty,
      observer,
      policy: setup.policy,
      forwarded: setup.forwarded.list(request.host, request.claims),
      onFailure: (error) => this.#fail(error),
    })
    this.#silence = createOriginSilence(
      setup,
      () => this.#origin?.isPaused === true || !this.#upload.isDone,
      (error) => this.#fail(error),
    )
  }

  start(): void {
    const { pool, target } = this.#options
    this.#stream.on('drain', () => this.#origin?.resume())
    this.#stream.on('wantTrailers', () => this.#stream.sendTrailers(this.#trailers))
    // The visitor has reset the stream, or is gone.
    this.#stream.on('close', () => this.#end(failure('SP_STREAM_RESET', 'the visitor has left')))
    const idle = pool.take(target)
    if (idle) this.#begin(idle)
    else this.#dial()
  }

  #dial(): void {
    const { pool, target } = this.#options
    this.#dialling = pool.dial(target, {
      ready: (origin) => {
        this.#dialling = undefined
        this.#begin(origin)
      },
      failed: (error) => {
        this.#dialling = undefined
        this.#fail(error)
      },
    })
  }

  #begin(origin: OriginConnection): void {
    this.#origin = origin
    const isHead = this.#options.request.method === 'HEAD'
    origin.begin({ isHead, webSocketKey: undefined }, this)
    this.#silence.start()
    this.#upload.begin(origin)
  }

  onReadStart(): void {
    this.#silence.touch()
  }

  onResponseHead(parser: HeadParser, head: ResponseHead): void {
    const { setup, request, observer } = this.#options
    const { responseHeaders } = setup.policy
    if (this.#stream.destroyed) return
    if (isInterim(head)) {
      if (head.status === 100 && !request.expectsContinue) return
      this.#write(() =>
        this.#stream.additionalHeaders(http2ResponseHeaders(parser, head, undefined)),
      )
      return
    }
    this.#hasAnswered = true
    observer?.tell((look) =>
      look.onResponseHead?.({
        status: head.status,
        reason: head.reason,
        fields: () => listFields(parser),
      }),
    )
    const headers = http2ResponseHeaders(parser, head, responseHeaders)
    const isChunked = head.body.kind === 'chunked'
    this.#write(() =>
      this.#stream.respond(headers, {
        endStream: head.body.kind === 'none',
        waitForTrailers: isChunked,
      }),
    )
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#responseBytes += end - start
    if (this.#stream.destroyed) return
    this.#options.observer?.tell((look) => look.onResponseBody?.(bytes, start, end))
    const goesOn = this.#stream.write(Buffer.from(bytes.subarray(start, end)))
    if (!goesOn) this.#origin?.pause()
  }

  onChunkStart(): void {}

  onChunkEnd(): void {}

  onTrailers(trailers: HeadParser): void {
    this.#trailers = http2Trailers(trailers)
  }

  onWebSocket(): void {}

  onWebSocketEnd(): void {}

  onReadDone(): void {}

  onResponseEnd(): void {
    const { pool, target } = this.#options
    const origin = this.#origin
    this.#origin = undefined
    if (origin && this.#upload.isDone) pool.giveBack(target, origin)
    else origin?.abort()
    if (!this.#stream.destroyed) {
      this.#stream.end()
      if (!this.#upload.isDone) closeUnread(this.#stream)
    }
    this.#end(undefined)
  }

  onOriginLost(error: SallyportError): void {
    const origin = this.#origin
    this.#origin = undefined
    const { request, isEmpty } = this.#options
    const mayRepeat = isEmpty && isSafe(request.method) && !this.#hasAnswered
    if (mayRepeat && origin?.mayBeStale) this.#dial()
    else this.#fail(error)
  }

  onOriginDrain(): void {
    this.#upload.resume()
  }

  /** Answers with an error page, or breaks an answer off that has begun. */
  #fail(error: SallyportError): void {
    if (this.#isOver) return
    const { setup, request } = this.#options
    this.#end(error)
    // Not close(): that ends the stream first, and half an answer would look whole.
    if (this.#hasAnswered) this.#stream.destroy(error)
    else answerHttp2Error(this.#stream, error, request, !this.#upload.isDone, setup.policy)
  }

  #end(error: SallyportError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#silence.stop()
    this.#dialling?.cancel()
    this.#origin?.abort()
    const outcome = {
      requestBytes: this.#upload.bodyBytes,
      responseBytes: this.#responseBytes,
      error,
    }
    this.#options.observer?.tell((look) => look.onEnd?.(outcome))
  }

  /** What node:http2 does not take is the origin's fault. */
  #write(write: () => void): void {
    try {
      write()
    } catch (cause) {
      this.#hasAnswered = this.#stream.headersSent
      const message = "the origin's response cannot be said in HTTP/2"
      throw failure('SP_ORIGIN_BAD_RESPONSE', message, cause)
    }
  }
}
