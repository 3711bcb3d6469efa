// Finds the end of a body (RFC 9112 §6, §7.1): by length, by chunks, or by the end of the stream. Data
// goes to a sink as ranges of the read that it came in, neither copied nor joined; chunk extensions are
// dropped. Where a chunked body is malformed in any way it is refused.
import { SallyportError } from '@sallyport/protocol'
import type { HeadParser } from './head-parser.ts'
import { borrowHeadParser, returnHeadParser } from './head-parser-pool.ts'
import { maxChunkExtensionBytes, maxChunkSizeDigits, maxTrailerFields } from './limits.ts'
import { type BodyFraming, noBody } from './message-fields.ts'
import { CR, LF, hexValues, valueOctets } from './octets.ts'

/** Called in the order of the bytes; ranges are valid during the call only. */
export interface BodySink {
  onBody(bytes: Buffer, start: number, end: number): void
  /** The size line of a chunk of data (never 0). */
  onChunkStart(size: number): void
  /** The line end behind the chunk's data. */
  onChunkEnd(): void
  /** The last chunk and the trailer section behind it. The parser is lent. */
  onTrailers(trailers: HeadParser): void
}

const State = {
  data: 0,
  size: 1,
  extension: 2,
  sizeLf: 3,
  chunkData: 4,
  chunkCr: 5,
  chunkLf: 6,
  trailers: 7,
  done: 8,
} as const
type State = (typeof State)[keyof typeof State]

const semicolon = 0x3b

export class BodyReader {
  #side: 'request' | 'response' = 'request'
  #framing: BodyFraming = noBody
  #state: State = State.done
  /** Bytes of data still to come: of the body (length) or of the chunk. */
  #left = 0
  #digits = 0
  #extensionBytes = 0
  #trailers: HeadParser | undefined
  /** Data bytes so far, without framing. */
  bytes = 0

  begin(side: 'request' | 'response', framing: BodyFraming): void {
    this.release()
    this.#side = side
    this.#framing = framing
    this.#left = framing.bytes
    this.#digits = this.#extensionBytes = this.bytes = 0
    const isEmpty = framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)
    this.#state = isEmpty ? State.done : framing.kind === 'chunked' ? State.size : State.data
  }

  get framing(): BodyFraming {
    return this.#framing
  }

  get isDone(): boolean {
    return this.#state === State.done
  }

  /** The stream ended: true when that is the proper end of this body. */
  endsHere(): boolean {
    if (this.#framing.kind === 'until-close') this.#state = State.done
    return this.isDone
  }

  /** Gives back what was borrowed; the reader may begin again. */
  release(): void {
    if (this.#trailers) returnHeadParser(this.#trailers)
    this.#trailers = undefined
  }

  /**
   * Takes bytes [start, end); returns the offset behind the body, or `end`.
   * @throws {SallyportError} SP_HTTP_BAD_REQUEST or SP_ORIGIN_BAD_RESPONSE.
   */
  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let at = start
    while (at < end && this.#state !== State.done) {
      const octet = bytes[at] ?? 0
      switch (this.#state) {
        case State.data:
          at = this.#data(bytes, at, end, sink)
          if (this.#left === 0 && this.#framing.kind === 'length') this.#state = State.done
          break
        case State.size:
          this.#size(octet)
          at++
          break
        case State.extension:
          if (octet === CR) this.#state = State.sizeLf
          else if (valueOctets[octet] !== 1) throw this.#bad('a malformed chunk extension')
          else if (++this.#extensionBytes > maxChunkExtensionBytes) {
            throw this.#bad('a chunk extension above the bound')
          }
          at++
          break
        case State.sizeLf:
          if (octet !== LF) throw this.#bad('a bare CR in its chunks')
          this.#sizeEnd(sink)
          at++
          break
        case State.chunkData:
          at = this.#data(bytes, at, end, sink)
          if (this.#left === 0) this.#state = State.chunkCr
          break
        case State.chunkCr:
          if (octet !== CR) throw this.#bad('a chunk longer than it says')
          this.#state = State.chunkLf
          at++
          break
        case State.chunkLf:
          if (octet !== LF) throw this.#bad('a bare CR in its chunks')
          sink.onChunkEnd()
          this.#state = State.size
          this.#digits = 0
          at++
          break
        case State.trailers:
          at = this.#trailerSection(bytes, at, end, sink)
          break
      }
    }
    return at
  }

  #data(bytes: Buffer, at: number, end: number, sink: BodySink): number {
    const stop = this.#framing.kind === 'until-close' ? end : Math.min(end, at + this.#left)
    this.#left -= stop - at
    this.bytes += stop - at
    sink.onBody(bytes, at, stop)
    return stop
  }

  #size(octet: number): void {
    const digit = hexValues[octet] ?? 255
    if (digit < 16) {
      if (++this.#digits > maxChunkSizeDigits) throw this.#bad('a chunk size above the bound')
      this.#left = (this.#digits === 1 ? 0 : this.#left) * 16 + digit
      return
    }
    if (this.#digits === 0) throw this.#bad('a malformed chunk size')
    this.#extensionBytes = 0
    if (octet === CR) this.#state = State.sizeLf
    else if (octet === semicolon) this.#state = State.extension
    else throw this.#bad('a malformed chunk size')
  }

  #sizeEnd(sink: BodySink): void {
    if (this.#left > 0) {
      this.#state = State.chunkData
      sink.onChunkStart(this.#left)
      return
    }
    this.#state = State.trailers
    this.#trailers = borrowHeadParser(
      this.#side === 'request' ? 'requestTrailer' : 'responseTrailer',
    )
  }

  #trailerSection(bytes: Buffer, at: number, end: number, sink: BodySink): number {
    const trailers = this.#trailers
    if (!trailers) throw new SallyportError('SP_INTERNAL', 'a trailer section without its parser')
    const next = trailers.push(bytes, at, end)
    if (next < 0) return end
    if (trailers.fieldCount > maxTrailerFields) throw this.#bad('too many trailer fields')
    this.#state = State.done
    sink.onTrailers(trailers)
    this.release()
    return next
  }

  #bad(what: string): SallyportError {
    return this.#side === 'request'
      ? new SallyportError('SP_HTTP_BAD_REQUEST', `the request has ${what}`)
      : new SallyportError('SP_ORIGIN_BAD_RESPONSE', `the origin's response has ${what}`)
  }
}
