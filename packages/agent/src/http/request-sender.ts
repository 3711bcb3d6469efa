// Sends one visitor's requests to origins: the edited head, then the body in canonical framing, joined
// with the head when small. Remembers the head of a request that may be sent again.
import type { SallyportError } from '@sallyport/protocol'
import { BodyReader, type BodySink } from './body-reader.ts'
import { ByteBatch, type ByteSink } from './byte-batch.ts'
import type { GuardedObserver } from './exchange-tap.ts'
import { asSallyportError } from './failure.ts'
import type { HeadParser } from './head-parser.ts'
import type { OriginConnection } from './origin-connection.ts'
import { type RequestEdit, encodeRequestHead } from './request-editor.ts'
import { bodyTooLarge } from './request-gate.ts'
import type { RequestHead } from './request-head.ts'
import { encodeTrailers } from './trailer-fields.ts'

/** Requests that may be sent twice (RFC 9110 §9.2.1), when they have no body. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

export function isSafe(method: string): boolean {
  return safeMethods.has(method)
}

/** One for all visitors: it is used within one event. */
const toOrigin = new ByteBatch()

export class RequestSender implements BodySink, ByteSink {
  readonly #reader = new BodyReader()
  #origin: OriginConnection | undefined
  #observer: GuardedObserver | undefined
  #maxBytes = Number.POSITIVE_INFINITY
  #sentHead: Buffer | undefined
  #keepsHead = false
  /** The origin asks to hold back. */
  isBlocked = false

  get isDone(): boolean {
    return this.#reader.isDone
  }

  /** Body bytes so far. */
  get bodyBytes(): number {
    return this.#reader.bytes
  }

  /** Sends the head, and of the body what lies at [at, end) of `chunk`; returns the offset behind it. */
  begin(
    origin: OriginConnection,
    parser: HeadParser,
    request: RequestHead,
    edit: RequestEdit,
    observer: GuardedObserver | undefined,
    chunk: Buffer,
    at: number,
  ): number {
    this.#origin = origin
    this.#observer = observer
    this.#maxBytes = edit.policy.maxBodyBytes ?? Number.POSITIVE_INFINITY
    this.#reader.begin('request', request.body)
    this.#keepsHead = this.#reader.isDone && isSafe(request.line.method)
    this.#sentHead = undefined

    toOrigin.begin(this)
    encodeRequestHead(toOrigin, parser, request, edit)
    return this.#pushBody(chunk, at)
  }

  /** Sends what belongs to the body of `chunk` from `at`; returns the offset behind it. */
  push(chunk: Buffer, at: number): number {
    toOrigin.begin(this)
    return this.#pushBody(chunk, at)
  }

  /** True when the request can be sent again as it is: nothing but a head, and safe. */
  get isRepeatable(): boolean {
    return this.#sentHead !== undefined
  }

  /** It will not be sent again. */
  keepNothing(): void {
    this.#sentHead = undefined
    this.#keepsHead = false
  }

  repeat(origin: OriginConnection): void {
    this.#origin = origin
    if (this.#sentHead) this.isBlocked = !origin.write(this.#sentHead)
  }

  /** Forgets the request, which has been dealt with. */
  release(): void {
    this.#reader.release()
    this.#origin = undefined
    this.#observer = undefined
    this.#sentHead = undefined
    this.isBlocked = false
  }

  write(bytes: Buffer, start: number, end: number, isStable: boolean): boolean {
    const range = bytes.subarray(start, end)
    const owned = isStable ? range : Buffer.from(range)
    if (this.#keepsHead) {
      // A head so large that it takes two writes is not worth keeping.
      this.#keepsHead = this.#sentHead === undefined
      this.#sentHead = this.#keepsHead ? owned : undefined
    }
    return this.#origin?.write(owned) ?? true
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.#reader.bytes > this.#maxBytes) throw bodyTooLarge()
    toOrigin.range(bytes, start, end, true)
    if (this.#observer?.isLooking) {
      this.#observer.tell((observer) => observer.onRequestBody?.(bytes, start, end))
    }
  }

  onChunkStart(size: number): void {
    toOrigin.text(`${size.toString(16)}\r\n`)
  }

  onChunkEnd(): void {
    toOrigin.text('\r\n')
  }

  onTrailers(trailers: HeadParser): void {
    encodeTrailers(toOrigin, trailers)
  }

  /** @throws {SallyportError} what the reader throws, after the good part was sent. */
  #pushBody(chunk: Buffer, at: number): number {
    let next = at
    let failure: SallyportError | undefined
    try {
      next = this.#reader.push(chunk, at, chunk.length, this)
    } catch (error) {
      failure = asSallyportError(error)
    }
    if (!toOrigin.flush()) this.isBlocked = true
    if (failure) throw failure
    return next
  }
}
