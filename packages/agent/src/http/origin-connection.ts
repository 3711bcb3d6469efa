// One HTTP/1.1 connection to an origin (byte path 8): takes edited requests, one at a time, and reads the
// responses to them. Bytes that answer no request end it: the next answer would be somebody else's.
// It neither dials nor edits.
import { SallyportError } from '@sallyport/protocol'
import { BodyReader, type BodySink } from './body-reader.ts'
import type { OriginEnd } from './ends.ts'
import { asSallyportError } from './failure.ts'
import type { HeadParser } from './head-parser.ts'
import { borrowHeadParser, returnHeadParser } from './head-parser-pool.ts'
import { maxInterimResponses } from './limits.ts'
import {
  type ResponseContext,
  type ResponseHead,
  isInterim,
  parseResponseHead,
} from './response-head.ts'

/** Who gets the response. Ranges and parsers are lent for the call. */
export interface ResponseListener extends BodySink {
  /** A read begins; `onReadDone` follows it in any case. */
  onReadStart(): void
  onResponseHead(parser: HeadParser, head: ResponseHead): void
  /** Bytes of the WebSocket behind a 101. */
  onWebSocket(bytes: Buffer, start: number, end: number): void
  /** The origin's end of the WebSocket. */
  onWebSocketEnd(): void
  onReadDone(): void
  /** Behind `onReadDone`. The connection is idle, or closed. */
  onResponseEnd(): void
  /** Nothing more comes; behind `onReadDone` too. */
  onOriginLost(error: SallyportError): void
  onOriginDrain(): void
}

type State = 'idle' | 'head' | 'body' | 'websocket' | 'closed'

export class OriginConnection {
  readonly #end: OriginEnd
  readonly #reader = new BodyReader()
  #state: State = 'idle'
  #listener: ResponseListener | undefined
  #context: ResponseContext = { isHead: false, webSocketKey: undefined }
  #parser: HeadParser | undefined
  #interims = 0
  #isPersistent = true
  #isPaused = false
  /** Requests begun on it. */
  #requests = 0
  /** The response under way has shown itself. */
  #isAnswering = false
  #hasEnded = false

  constructor(end: OriginEnd) {
    this.#end = end
    end.socket.on('drain', () => this.#listener?.onOriginDrain())
    end.attach({
      onRead: (buffer, bytes) => this.#read(buffer, bytes),
      onSocketEnd: () => this.#onEnd(),
      onSocketClose: (error) => this.#onClose(error),
    })
  }

  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** True when a loss now may only mean that the origin closed an idle connection (RFC 9112 §9.3.1). */
  get mayBeStale(): boolean {
    return this.#requests > 1 && !this.#isAnswering
  }

  /** The next bytes written are a request; its response goes to `listener`. Only when idle. */
  begin(context: ResponseContext, listener: ResponseListener): void {
    this.#state = 'head'
    this.#context = context
    this.#listener = listener
    this.#interims = 0
    this.#isAnswering = false
    this.#requests++
  }

  /** Takes the bytes, which may not change afterwards. False: hold back until onOriginDrain. */
  write(bytes: Buffer): boolean {
    return this.#state === 'closed' || this.#end.socket.write(bytes)
  }

  /** FIN: the visitor sends no more. */
  endWrites(): void {
    if (this.#state !== 'closed') this.#end.socket.end()
  }

  /** No further reads until resume(); what the read under way holds still comes. */
  pause(): void {
    if (this.#listener) this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#state !== 'closed') this.#end.resume()
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Ends it when nothing is under way; no callback follows. */
  close(): void {
    if (this.#state === 'closed') return
    this.#detach()
    this.#end.socket.destroySoon()
  }

  /** Ends it at once, the origin seeing a reset; no callback follows. */
  abort(): void {
    if (this.#state === 'closed') return
    this.#detach()
    this.#end.abort()
  }

  #detach(): void {
    this.#state = 'closed'
    this.#listener = undefined
    this.#reader.release()
    this.#dropParser()
    // A paused socket would never see its end.
    if (this.#isPaused) {
      this.#isPaused = false
      this.#end.resume()
    }
  }

  #read(buffer: Buffer, bytes: number): boolean {
    const listener = this.#listener
    if (this.#state === 'closed') return true
    if (this.#state === 'idle' || !listener) {
      this.abort()
      return true
    }
    listener.onReadStart()
    let lost: SallyportError | undefined
    let isWhole = false
    try {
      isWhole = this.#parse(buffer, bytes, listener)
    } catch (error) {
      lost = asSallyportError(error)
    }
    listener.onReadDone()
    if (lost) this.#lose(lost)
    else if (isWhole) listener.onResponseEnd()
    return !this.#isPaused
  }

  /** True when the response is whole. The listener may close the connection in any of its calls. */
  #parse(buffer: Buffer, bytes: number, listener: ResponseListener): boolean {
    let at = 0
    while (at < bytes) {
      switch (this.#state) {
        case 'head': {
          const parser = (this.#parser ??= borrowHeadParser('response'))
          this.#isAnswering = true
          const next = parser.push(buffer, at, bytes)
          if (next < 0) return false
          at = next
          this.#takeHead(parser, listener)
          if (this.#isDone()) return this.#finish(at < bytes)
          break
        }
        case 'body':
          at = this.#reader.push(buffer, at, bytes, listener)
          if (this.#isDone()) return this.#finish(at < bytes)
          break
        case 'websocket':
          listener.onWebSocket(buffer, at, bytes)
          return false
        case 'idle':
        case 'closed':
          return false
      }
    }
    return false
  }

  #takeHead(parser: HeadParser, listener: ResponseListener): void {
    const head = parseResponseHead(parser, this.#context)
    if (isInterim(head)) {
      if (++this.#interims > maxInterimResponses) throw bad('too many interim responses')
    } else if (head.isWebSocket) {
      this.#state = 'websocket'
    } else {
      this.#state = 'body'
      this.#isPersistent = head.isPersistent
      this.#reader.begin('response', head.body)
    }
    listener.onResponseHead(parser, head)
    this.#dropParser()
  }

  #isDone(): boolean {
    return this.#state === 'body' && this.#reader.isDone
  }

  /** The response is whole; `hasMore` bytes behind it answer nothing. */
  #finish(hasMore: boolean): true {
    this.#state = 'idle'
    if (hasMore) this.abort()
    else if (!this.#isPersistent) this.close()
    this.#listener = undefined
    return true
  }

  #onEnd(): void {
    this.#hasEnded = true
    const listener = this.#listener
    switch (this.#state) {
      case 'closed':
        return
      case 'idle':
        this.close()
        return
      case 'websocket':
        listener?.onWebSocketEnd()
        return
      case 'head':
        this.#lose(lostError('closed the connection before it answered'))
        return
      case 'body':
        if (this.#reader.endsHere()) {
          this.close()
          listener?.onResponseEnd()
        } else {
          this.#lose(lostError('closed the connection in the middle of its answer'))
        }
        return
    }
  }

  #onClose(error: Error | undefined): void {
    if (this.#state === 'closed') return
    const code =
      error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
    const listener = this.#listener
    const isProperEnd = this.#state === 'websocket' && this.#hasEnded && !error
    this.#detach()
    if (isProperEnd) return
    listener?.onOriginLost(lostError(`broke the connection${code}`, error))
  }

  #lose(error: SallyportError): void {
    const listener = this.#listener
    this.abort()
    listener?.onOriginLost(error)
  }

  #dropParser(): void {
    if (this.#parser) returnHeadParser(this.#parser)
    this.#parser = undefined
  }
}

function bad(what: string): SallyportError {
  return new SallyportError('SP_ORIGIN_BAD_RESPONSE', `the origin's response has ${what}`)
}

function lostError(what: string, cause?: Error): SallyportError {
  return new SallyportError('SP_ORIGIN_LOST', `the origin ${what}`, { cause })
}
