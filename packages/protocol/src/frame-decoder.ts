// Yamux frames out of a byte stream that may be cut anywhere (docs/protocol.md §4). It keeps at most
// one partial header (12 bytes) and never a payload: payloads pass through in the pieces in which
// they came, so a length field can make nothing grow. What a frame means is the handler's business.
import { SallyportError } from './errors.ts'
import { FrameType, headerBytes, knownFlags, protocolVersion } from './frame.ts'

/** What a decoder tells; a method may throw, which ends the decoding. */
export interface FrameHandler {
  /**
   * The header of a data frame; `length` bytes follow through {@link onPayload}. This is the place
   * to refuse a length: nothing of the payload has been looked at.
   */
  onData(streamId: number, flags: number, length: number): void
  /** `bytes[start, end)` is the next of the payload announced last, in the memory that was pushed. */
  onPayload(bytes: Buffer, start: number, end: number, isLast: boolean): void
  onWindowUpdate(streamId: number, flags: number, credit: number): void
  onPing(flags: number, value: number): void
  onGoAway(reason: number): void
}

/** An incremental decoder; one for each direction of a session. */
export class FrameDecoder {
  readonly #handler: FrameHandler
  readonly #partial = Buffer.alloc(headerBytes)
  #partialBytes = 0
  #payloadLeft = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /**
   * Takes the next bytes, `chunk[start, end)`.
   * @throws {SallyportError} SP_PROTOCOL for a header that the specification does not allow; the
   * decoder is then of no further use.
   */
  push(chunk: Buffer, start = 0, end = chunk.length): void {
    let at = start
    while (at < end) {
      if (this.#payloadLeft > 0) {
        const next = Math.min(end, at + this.#payloadLeft)
        this.#payloadLeft -= next - at
        const from = at
        at = next
        this.#handler.onPayload(chunk, from, next, this.#payloadLeft === 0)
      } else if (this.#partialBytes === 0 && end - at >= headerBytes) {
        this.#header(chunk, at)
        at += headerBytes
      } else {
        const bytes = Math.min(headerBytes - this.#partialBytes, end - at)
        chunk.copy(this.#partial, this.#partialBytes, at, at + bytes)
        this.#partialBytes += bytes
        at += bytes
        if (this.#partialBytes === headerBytes) {
          this.#partialBytes = 0
          this.#header(this.#partial, 0)
        }
      }
    }
  }

  #header(bytes: Buffer, at: number): void {
    const version = bytes.readUInt8(at)
    const type = bytes.readUInt8(at + 1)
    const flags = bytes.readUInt16BE(at + 2)
    const streamId = bytes.readUInt32BE(at + 4)
    const length = bytes.readUInt32BE(at + 8)
    if (version !== protocolVersion) {
      throw new SallyportError('SP_PROTOCOL', `frame version ${version}, expected 0`)
    }
    if ((flags & ~knownFlags) !== 0) {
      throw new SallyportError('SP_PROTOCOL', `frame flags 0x${flags.toString(16)} are unknown`)
    }
    switch (type) {
      case FrameType.data:
        if (streamId === 0) throw onStreamZero('data')
        this.#payloadLeft = length
        this.#handler.onData(streamId, flags, length)
        return
      case FrameType.windowUpdate:
        if (streamId === 0) throw onStreamZero('window update')
        this.#handler.onWindowUpdate(streamId, flags, length)
        return
      case FrameType.ping:
        if (streamId !== 0) throw offStreamZero('ping', streamId)
        this.#handler.onPing(flags, length)
        return
      case FrameType.goAway:
        if (streamId !== 0) throw offStreamZero('go away', streamId)
        this.#handler.onGoAway(length)
        return
      default:
        throw new SallyportError('SP_PROTOCOL', `frame type ${type} is unknown`)
    }
  }
}

function onStreamZero(type: string): SallyportError {
  return new SallyportError('SP_PROTOCOL', `${type} frame on stream 0, which is the session's`)
}

function offStreamZero(type: string, streamId: number): SallyportError {
  return new SallyportError('SP_PROTOCOL', `${type} frame on stream ${streamId}, expected 0`)
}
