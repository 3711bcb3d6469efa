// An HTTP/2 visitor's request on its way to an HTTP/1 origin: the head written from checked parts, the body
// framed by the length that was declared, or by chunks.
import type { ServerHttp2Stream } from 'node:http2'
import type { SallyportError } from '@sallyport/protocol'
import { ByteBatch, type ByteSink } from './byte-batch.ts'
import type { GuardedObserver } from './exchange-tap.ts'
import { failure } from './failure.ts'
import { fieldKindOf } from './field-kinds.ts'
import type { FieldList } from './field-list.ts'
import type { Http2Request } from './http2-request.ts'
import type { OriginConnection } from './origin-connection.ts'
import { type HttpPolicy, bodyTooLarge } from './request-gate.ts'
import { isTrailer } from './trailer-fields.ts'

const toOrigin = new ByteBatch()

export interface Http2UploadOptions {
  readonly stream: ServerHttp2Stream
  readonly request: Http2Request
  readonly policy: HttpPolicy
  readonly forwarded: FieldList
  /** The stream ended with its head. */
  readonly isEmpty: boolean
  readonly observer: GuardedObserver | undefined
  /** The visitor broke its word, or a bound. */
  readonly onFailure: (error: SallyportError) => void
}

export class Http2Upload implements ByteSink {
  readonly #options: Http2UploadOptions
  #origin: OriginConnection | undefined
  #trailers: FieldList = []
  bodyBytes = 0
  isDone: boolean

  constructor(options: Http2UploadOptions) {
    this.#options = options
    this.isDone = options.isEmpty
  }

  /** Sends the head, then the body as it comes. A request without a body may begin anew elsewhere. */
  begin(origin: OriginConnection): void {
    const { stream, isEmpty, observer } = this.#options
    this.#origin = origin
    toOrigin.begin(this)
    toOrigin.text(this.#head())
    toOrigin.flush()
    if (isEmpty) {
      // Without a reader the stream would never be over.
      stream.resume()
      observer?.tell((look) => look.onRequestEnd?.())
      return
    }
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('trailers', (_headers, _flags, raw?: readonly string[]) => {
      this.#trailers = pairs(raw ?? [])
    })
    stream.on('end', () => this.#onEnd())
  }

  resume(): void {
    this.#options.stream.resume()
  }

  write(bytes: Buffer, start: number, end: number, isStable: boolean): boolean {
    const range = bytes.subarray(start, end)
    return this.#origin?.write(isStable ? range : Buffer.from(range)) ?? true
  }

  get #isChunked(): boolean {
    return !this.#options.isEmpty && this.#options.request.contentLength === undefined
  }

  #head(): string {
    const { request, policy, forwarded } = this.#options
    const removed = policy.requestHeaders?.remove
    const lines = [
      `${request.method} ${request.path} HTTP/1.1`,
      `Host: ${policy.hostHeader ?? request.host}`,
    ]
    const put = ([name, value]: readonly [string, string]): void => {
      lines.push(`${name}: ${value}`)
    }
    for (const field of request.fields) {
      const [name] = field
      if (removed?.has(name) || (policy.basicAuth && name === 'authorization')) continue
      put(field)
    }
    forwarded.forEach(put)
    policy.requestHeaders?.fields.forEach(put)
    if (request.expectsContinue && !this.isDone) put(['Expect', '100-continue'])
    if (this.#isChunked) put(['Transfer-Encoding', 'chunked'])
    else if (request.contentLength !== undefined) {
      put(['Content-Length', String(request.contentLength)])
    }
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  #onData(chunk: Buffer): void {
    const { stream, request, policy, observer, onFailure } = this.#options
    this.bodyBytes += chunk.length
    if (this.bodyBytes > (policy.maxBodyBytes ?? Number.POSITIVE_INFINITY)) {
      onFailure(bodyTooLarge())
      return
    }
    if (this.bodyBytes > (request.contentLength ?? Number.POSITIVE_INFINITY)) {
      onFailure(wrongLength())
      return
    }
    if (chunk.length === 0) return
    observer?.tell((look) => look.onRequestBody?.(chunk, 0, chunk.length))
    toOrigin.begin(this)
    if (this.#isChunked) toOrigin.text(`${chunk.length.toString(16)}\r\n`)
    toOrigin.range(chunk, 0, chunk.length, true)
    if (this.#isChunked) toOrigin.text('\r\n')
    if (!toOrigin.flush()) stream.pause()
  }

  #onEnd(): void {
    const { request, observer, onFailure } = this.#options
    if (this.bodyBytes !== (request.contentLength ?? this.bodyBytes)) {
      onFailure(wrongLength())
      return
    }
    this.isDone = true
    if (this.#isChunked) {
      toOrigin.begin(this)
      toOrigin.text('0\r\n')
      for (const [name, value] of this.#trailers) {
        if (isTrailer(name, fieldKindOf(name))) toOrigin.text(`${name}: ${value}\r\n`)
      }
      toOrigin.text('\r\n')
      toOrigin.flush()
    }
    observer?.tell((look) => look.onRequestEnd?.())
  }
}

function pairs(raw: readonly string[]): FieldList {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    raw[index * 2] ?? '',
    raw[index * 2 + 1] ?? '',
  ])
}

function wrongLength(): SallyportError {
  return failure('SP_HTTP_BAD_REQUEST', 'the request has another length than it says')
}
