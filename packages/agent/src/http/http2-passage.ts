// One request of an HTTP/2 visitor over HTTP/2 to the origin (gRPC): headers edited, data and trailers both
// ways, resets with their codes. node:http2 does the rest on both sides.
import {
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
  constants,
} from 'node:http2'
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget } from './ends.ts'
import type { GuardedObserver } from './exchange-tap.ts'
import { failure } from './failure.ts'
import { answerHttp2Error, closeUnread } from './http2-error-answer.ts'
import type { Http2Lease, Http2Origins } from './http2-origins.ts'
import type { Http2Request } from './http2-request.ts'
import { bodyTooLarge } from './request-gate.ts'
import { createOriginSilence } from './origin-silence.ts'
import type { SilenceTimer } from './silence-timer.ts'

export interface Http2PassageOptions {
  readonly setup: EdgeSetup
  readonly origins: Http2Origins
  readonly target: HttpTarget
  readonly stream: ServerHttp2Stream
  readonly request: Http2Request
  readonly isEmpty: boolean
  readonly observer: GuardedObserver | undefined
}

export class Http2Passage {
  readonly #options: Http2PassageOptions
  readonly #stream: ServerHttp2Stream
  readonly #lease: Http2Lease
  readonly #outgoing: ClientHttp2Stream
  readonly #silence: SilenceTimer
  #requestTrailers: OutgoingHttpHeaders = {}
  #responseTrailers: OutgoingHttpHeaders = {}
  #requestBytes = 0
  #responseBytes = 0
  #isSent: boolean
  #isOver = false

  constructor(options: Http2PassageOptions) {
    const { setup, origins, target, stream, isEmpty } = options
    this.#options = options
    this.#stream = stream
    this.#isSent = isEmpty
    this.#lease = origins.take(target)
    this.#outgoing = this.#lease.session.request(requestHeaders(options), {
      endStream: isEmpty,
      waitForTrailers: !isEmpty,
    })
    this.#silence = createOriginSilence(
      setup,
      () => this.#outgoing.isPaused() || !this.#isSent,
      (error) => this.#fail(error),
    )
  }

  start(): void {
    this.#silence.start()
    this.#readOrigin()
    this.#readVisitor()
  }

  #readVisitor(): void {
    const stream = this.#stream
    const outgoing = this.#outgoing
    const { observer } = this.#options
    outgoing.on('wantTrailers', () => outgoing.sendTrailers(this.#requestTrailers))
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      this.#requestTrailers = plainHeaders(headers)
    })
    stream.on('data', (chunk: Buffer) => this.#onRequestData(chunk))
    outgoing.on('drain', () => stream.resume())
    stream.on('end', () => {
      this.#isSent = true
      observer?.tell((look) => look.onRequestEnd?.())
      if (!outgoing.destroyed) outgoing.end()
    })
    stream.on('close', () => {
      if (this.#isOver) return
      outgoing.close(stream.rstCode || constants.NGHTTP2_CANCEL)
      this.#end(failure('SP_STREAM_RESET', 'the visitor has left'))
    })
  }

  #onRequestData(chunk: Buffer): void {
    const { setup, observer } = this.#options
    this.#silence.touch()
    this.#requestBytes += chunk.length
    if (this.#requestBytes > (setup.policy.maxBodyBytes ?? Number.POSITIVE_INFINITY)) {
      this.#fail(bodyTooLarge())
      return
    }
    observer?.tell((look) => look.onRequestBody?.(chunk, 0, chunk.length))
    if (!this.#outgoing.destroyed && !this.#outgoing.write(chunk)) this.#stream.pause()
  }

  #readOrigin(): void {
    const stream = this.#stream
    const outgoing = this.#outgoing
    const { observer } = this.#options
    stream.on('wantTrailers', () => stream.sendTrailers(this.#responseTrailers))
    outgoing.on('headers', (headers: IncomingHttpHeaders) => {
      if (!stream.headersSent && !stream.destroyed) stream.additionalHeaders(plainHeaders(headers))
    })
    outgoing.on('response', (headers: IncomingHttpHeaders, flags: number) =>
      this.#onResponse(headers, flags),
    )
    outgoing.on('trailers', (headers: IncomingHttpHeaders) => {
      this.#responseTrailers = plainHeaders(headers)
    })
    outgoing.on('data', (chunk: Buffer) => {
      this.#silence.touch()
      this.#responseBytes += chunk.length
      observer?.tell((look) => look.onResponseBody?.(chunk, 0, chunk.length))
      if (!stream.destroyed && !stream.write(chunk)) outgoing.pause()
    })
    stream.on('drain', () => outgoing.resume())
    outgoing.on('end', () => this.#onResponseEnd())
    outgoing.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ERR_HTTP2_STREAM_ERROR') this.#onOriginReset(outgoing.rstCode)
      else this.#fail(failureOf(cause, this.#options.target.label))
    })
    // A reset without an error code, before the end of the answer.
    outgoing.on('close', () => this.#onOriginReset(outgoing.rstCode))
  }

  #onResponse(headers: IncomingHttpHeaders, flags: number): void {
    const { setup, observer } = this.#options
    this.#silence.touch()
    if (this.#stream.destroyed) return
    observer?.tell((look) =>
      look.onResponseHead?.({
        status: Number(headers[':status']),
        reason: '',
        fields: () => Object.entries(headers).map(([name, value]) => [name, String(value)]),
      }),
    )
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    this.#stream.respond(responseHeaders(setup, headers), {
      endStream,
      waitForTrailers: !endStream,
    })
  }

  #onResponseEnd(): void {
    if (this.#isOver || this.#stream.destroyed) return
    if (this.#outgoing.rstCode !== constants.NGHTTP2_NO_ERROR) return
    this.#stream.end()
    if (!this.#isSent) closeUnread(this.#stream)
    this.#end(undefined)
  }

  /** The code passes, except within an answer: node:http2 cannot reset with a code there. */
  #onOriginReset(code: number): void {
    if (this.#isOver) return
    const error = failure('SP_ORIGIN_LOST', `the origin reset the stream (HTTP/2 error ${code})`)
    this.#end(error)
    if (this.#stream.destroyed) return
    if (this.#stream.headersSent) this.#stream.destroy(error)
    else this.#stream.close(code || constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** Answers with an error page, or breaks an answer off that has begun. */
  #fail(error: SallyportError): void {
    if (this.#isOver) return
    const { setup, request } = this.#options
    this.#end(error)
    this.#outgoing.close(constants.NGHTTP2_CANCEL)
    // Not close(): that ends the stream first, and half an answer would look whole.
    if (this.#stream.headersSent) this.#stream.destroy(error)
    else answerHttp2Error(this.#stream, error, request, !this.#isSent, setup.policy)
  }

  #end(error: SallyportError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#silence.stop()
    this.#lease.release()
    const outcome = { requestBytes: this.#requestBytes, responseBytes: this.#responseBytes, error }
    this.#options.observer?.tell((look) => look.onEnd?.(outcome))
  }
}

/** What connect(2) says when nobody listens. */
const refusals: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH'])

/** A dial that fails cancels every stream of its session, and is the cause of that. */
function failureOf(error: NodeJS.ErrnoException, label: string): SallyportError {
  const cause: unknown = error.cause ?? error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (refusals.has(code)) {
    const message = `origin ${label} refused the connection (${String(code)})`
    return failure('SP_ORIGIN_REFUSED', message, error)
  }
  return failure('SP_ORIGIN_LOST', `the origin broke the request off (${error.message})`, error)
}

function requestHeaders({ setup, request }: Http2PassageOptions): OutgoingHttpHeaders {
  const { policy, forwarded } = setup
  const headers: OutgoingHttpHeaders = {
    ':method': request.method,
    ':path': request.path,
    ':scheme': 'http',
    ':authority': policy.hostHeader ?? request.host,
  }
  const add = ([name, value]: readonly [string, string]): void => {
    const key = name.toLowerCase()
    const before = headers[key]
    headers[key] = before === undefined ? value : [...[before].flat().map(String), value]
  }
  for (const field of request.fields) {
    const [name] = field
    if (policy.requestHeaders?.remove.has(name)) continue
    if (policy.basicAuth && name === 'authorization') continue
    add(field)
  }
  forwarded.list(request.host, request.claims).forEach(add)
  policy.requestHeaders?.fields.forEach(add)
  // gRPC origins insist on it; HTTP/2 carries trailers in any case.
  if (request.isGrpc) headers['te'] = 'trailers'
  if (request.contentLength !== undefined) headers['content-length'] = request.contentLength
  return headers
}

function responseHeaders(setup: EdgeSetup, headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const rules = setup.policy.responseHeaders
  const all = plainHeaders(headers)
  for (const name of rules?.remove ?? []) delete all[name]
  for (const [name, value] of rules?.fields ?? []) all[name.toLowerCase()] ??= value
  return all
}

/** Without the symbols that node:http2 puts beside the names. */
function plainHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers))
}
