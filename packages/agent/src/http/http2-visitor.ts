// A visitor that speaks HTTP/2 (byte path 8): node:http2 on its stream; each of its requests passes the same
// gate as one of HTTP/1 and goes to an origin connection of its own, or over HTTP/2 where the target wants
// that (gRPC).
import {
  type ServerHttp2Session,
  type ServerHttp2Stream,
  constants,
  performServerHandshake,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Timer } from '@sallyport/mux'
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget } from './ends.ts'
import { GuardedObserver } from './exchange-tap.ts'
import { asSallyportError, failure } from './failure.ts'
import { answerHttp2Error } from './http2-error-answer.ts'
import { Http2Exchange } from './http2-exchange.ts'
import { Http2Origins } from './http2-origins.ts'
import { Http2Passage } from './http2-passage.ts'
import { type Http2Request, readHttp2Request } from './http2-request.ts'
import { IdleVisitor } from './idle-visitor.ts'
import {
  http2SessionWindowBytes,
  http2StreamWindowBytes,
  idleVisitorMs,
  maxHeadBytes,
  maxHeadFields,
  maxHttp2Streams,
} from './limits.ts'
import { OriginPool } from './origin-pool.ts'

export class Http2Visitor {
  readonly #setup: EdgeSetup
  readonly #session: ServerHttp2Session
  readonly #pool: OriginPool
  readonly #origins = new Http2Origins()
  readonly #idle: IdleVisitor
  #streams = 0
  #leaving: Timer | undefined

  /** `onClose`: nothing is left of the visitor, nor of its origin connections. */
  constructor(duplex: Duplex, setup: EdgeSetup, onClose: (error: Error | undefined) => void) {
    this.#setup = setup
    this.#pool = new OriginPool(setup.clock, setup.dialTimeoutMs)
    let error: Error | undefined
    duplex.on('error', (cause) => {
      error = cause
    })
    const session = performServerHandshake(duplex, {
      settings: {
        maxConcurrentStreams: maxHttp2Streams,
        initialWindowSize: http2StreamWindowBytes,
        maxHeaderListSize: maxHeadBytes,
        enableConnectProtocol: false,
      },
      maxHeaderListPairs: maxHeadFields,
    })
    this.#session = session
    session.setLocalWindowSize(http2SessionWindowBytes)
    session.on('error', (cause: Error) => {
      error = cause
    })
    session.on('stream', (stream, _headers, flags, raw) => this.#onStream(stream, flags, raw))
    const { clock } = setup
    this.#idle = new IdleVisitor({
      clock,
      isIdle: () => this.#streams === 0,
      onIdle: () => {
        session.close()
        // A visitor that does not end its side would stay for ever.
        this.#leaving = clock.setTimeout(() => duplex.destroy(), idleVisitorMs)
      },
    })
    session.on('close', () => {
      this.#idle.stop()
      if (this.#leaving) clock.clearTimeout(this.#leaving)
      this.#pool.close()
      this.#origins.close()
      onClose(error)
    })
  }

  /** Takes no further request; ends when the answers under way are whole. */
  drain(): void {
    if (this.#session.closed) return
    if (this.#streams > 0) this.#session.close()
    else this.#idle.drain()
  }

  abort(): void {
    this.#session.destroy()
  }

  #onStream(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    this.#streams++
    stream.on('close', () => {
      this.#streams--
      this.#idle.touch()
    })
    stream.on('error', () => {
      // The stream's 'close' follows, and tells its exchange.
    })
    const isEmpty = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    let request: Http2Request
    try {
      request = readHttp2Request(raw)
    } catch (error) {
      const { policy } = this.#setup
      answerHttp2Error(stream, asSallyportError(error), undefined, !isEmpty, policy)
      return
    }
    const verdict = this.#setup.gate.check({
      authority: request.authority,
      forwardedFor: request.claims.forwardedFor,
      authorization: request.claims.authorization,
      bodyBytes: request.contentLength ?? 0,
    })
    if (verdict instanceof Promise) {
      void verdict.then((refusal) => this.#route(stream, request, isEmpty, refusal))
    } else {
      this.#route(stream, request, isEmpty, verdict)
    }
  }

  #route(
    stream: ServerHttp2Stream,
    request: Http2Request,
    isEmpty: boolean,
    refusal: SallyportError | undefined,
  ): void {
    if (stream.destroyed) return
    const setup = this.#setup
    const target = setup.targets.only ?? setup.targets.find(request.path)
    if (refusal || !target) {
      const noTarget = failure('SP_HTTP_NO_TARGET', 'no target covers the path')
      answerHttp2Error(stream, refusal ?? noTarget, request, !isEmpty, setup.policy)
      return
    }
    const observer = this.#observe(request, target)
    if (target.http2 && (target.http2.always || request.isGrpc)) {
      const origins = this.#origins
      new Http2Passage({ setup, origins, target, stream, request, isEmpty, observer }).start()
    } else {
      const pool = this.#pool
      new Http2Exchange({ setup, pool, target, stream, request, isEmpty, observer }).start()
    }
  }

  #observe(request: Http2Request, target: HttpTarget): GuardedObserver | undefined {
    const { tap, visitorAddress } = this.#setup
    if (!tap) return undefined
    return new GuardedObserver(tap, {
      method: request.method,
      target: request.path,
      httpVersion: '2',
      visitorAddress,
      targetLabel: target.label,
      fields: () => request.received,
    })
  }
}
