// WebSocket frames (RFC 6455 §5.2) on their way to `ws`: binary messages of one frame, which is what our
// own other end sends, are taken straight from the read buffer, in as many reads as they come. All else,
// control frames, fragments, frames whose header is cut or which are masked with a key, is left to `ws`
// and only followed, to know where the next begins.
import { maxMessageBytes } from '@sallyport/protocol'

const finBit = 0x80
const finBinary = 0x82
const opcodeBits = 0x0f
/** Opcodes from here on are control frames, which may come between fragments. */
const firstControlOpcode = 8
const maskBit = 0x80
const lengthBits = 0x7f
/** These two lengths say that the length follows in 2 or in 8 bytes. */
const length16 = 126
const length64 = 127
const maskKeyBytes = 4
const maxHeaderBytes = 2 + 8 + maskKeyBytes

/** Gets `bytes[start, end)`, a message's payload or a part of it, valid until it returns. */
export type TakePayload = (bytes: Buffer, start: number, end: number) => void

export class MessageReader {
  /** The mask bit as the peer must set it: the relay's peers do. */
  readonly #mask: number
  readonly #onPayload: TakePayload
  readonly #header = Buffer.alloc(maxHeaderBytes)
  #headerBytes = 0
  /** Payload still to come of the message that is taken. */
  #rest = 0
  /** Payload still to come of the frame that is followed. */
  #left = 0
  #isFragmented = false

  constructor(isMasked: boolean, onPayload: TakePayload) {
    this.#mask = isMasked ? maskBit : 0
    this.#onPayload = onPayload
  }

  /** Takes what follows of a message that was cut; returns where it ends, at most `end`. */
  takeRest(bytes: Buffer, at: number, end: number): number {
    if (this.#rest === 0) return at
    const next = Math.min(end, at + this.#rest)
    this.#rest -= next - at
    this.#onPayload(bytes, at, next)
    return next
  }

  /** Takes messages from `at` on; returns where something else begins, at most `end`. */
  take(bytes: Buffer, at: number, end: number): number {
    if (this.#left > 0 || this.#headerBytes > 0 || this.#isFragmented) return at
    let next = at
    while (end - next >= 2 && bytes[next] === finBinary) {
      const second = bytes.readUInt8(next + 1)
      let length = second - this.#mask
      let start = next + 2
      if (length === length16 && end - start >= 2) {
        length = bytes.readUInt16BE(start)
        start += 2
      } else if (length < 0 || length >= length16) break
      if (this.#mask !== 0) {
        if (end - start < maskKeyBytes || bytes.readUInt32BE(start) !== 0) break
        start += maskKeyBytes
      }
      if (length > maxMessageBytes) break
      next = Math.min(end, start + length)
      this.#rest = start + length - next
      this.#onPayload(bytes, start, next)
    }
    return next
  }

  /** Follows the frame at `at` as far as it is there; returns its end, at most `end`. */
  follow(bytes: Buffer, at: number, end: number): number {
    let next = at
    while (this.#left === 0 && next < end) {
      this.#header[this.#headerBytes++] = bytes.readUInt8(next++)
      if (this.#isHeaderWhole()) {
        this.#begin()
        if (this.#left === 0) return next
      }
    }
    const followed = Math.min(this.#left, end - next)
    this.#left -= followed
    return next + followed
  }

  #isHeaderWhole(): boolean {
    if (this.#headerBytes < 2) return false
    const second = this.#header.readUInt8(1)
    return this.#headerBytes === lengthEnd(second) + (second & maskBit ? maskKeyBytes : 0)
  }

  #begin(): void {
    const first = this.#header.readUInt8(0)
    const length = this.#header.readUInt8(1) & lengthBits
    if (length === length64) this.#left = Number(this.#header.readBigUInt64BE(2))
    else this.#left = length === length16 ? this.#header.readUInt16BE(2) : length
    this.#headerBytes = 0
    if ((first & opcodeBits) < firstControlOpcode) this.#isFragmented = (first & finBit) === 0
  }
}

function lengthEnd(second: number): number {
  const length = second & lengthBits
  if (length === length64) return 2 + 8
  return length === length16 ? 2 + 2 : 2
}
