// The sending end below all streams: frames are written straight into a slab, messages of one TLS
// record each, and the slab leaves once an event-loop turn. Copies each byte once, bulk that comes in a
// slab of its own not at all, and allocates nothing on the way. Whose turn it is to write is the session's business.
import { FrameType, headerBytes, maxRecordBytes, writeHeader } from '@sallyport/protocol'
import { acquireBuffer, releaseBuffer } from './buffer-pool.ts'
import type { SlabLoan } from './bulk-read.ts'
import {
  fullSlabSlackBytes,
  queuedBytesLimit,
  slabBytes,
  slabHeadBytes,
  slabsInFlightLimit,
} from './limits.ts'
import type { Transport } from './transport.ts'

export class Outbox {
  readonly #transport: Transport
  readonly #messageHeaderBytes: number
  readonly #onTaken: () => void
  #slab: Buffer | undefined
  #used = 0
  /** Where the open message's header room begins; -1 when none is open. */
  #message = -1
  #inFlight = 0
  #slabsInFlight = 0
  #isHeldBack = false

  /** `onTaken` is called whenever the transport took a slab: there may be room again. */
  constructor(transport: Transport, onTaken: () => void) {
    this.#transport = transport
    this.#messageHeaderBytes = transport.messageHeaderBytes
    this.#onTaken = onTaken
  }

  /** True while data frames should wait: enough is queued below. */
  get isFull(): boolean {
    return this.#inFlight + this.#used >= queuedBytesLimit
  }

  /** Bytes written here that have not left the process. */
  get queuedBytes(): number {
    return this.#inFlight + this.#used
  }

  /** Those that the transport has not got. */
  get unsentBytes(): number {
    return this.#used
  }

  /** Payload bytes that fit into the open message beside one frame header. */
  get #room(): number {
    return this.#message + maxRecordBytes - this.#used - headerBytes
  }

  /** A frame without payload. */
  writeControl(type: FrameType, flags: number, streamId: number, length: number): void {
    this.#reserve(0)
    this.#writeHeader(type, flags, streamId, length)
  }

  /**
   * Data frames for `chunk[start, end)`: as many as messages need. `flags` go on the first. A chunk that is
   * in a slab on `loan` leaves in it, when nothing is to go ahead of it.
   */
  writeData(
    flags: number,
    streamId: number,
    chunk: Uint8Array,
    start: number,
    end: number,
    loan?: SlabLoan,
  ): void {
    const slab = end - start > maxRecordBytes && this.#isIdle ? loan?.takeToSend() : undefined
    if (slab !== undefined) {
      this.#sendRead(flags, streamId, slab, slabHeadBytes + start, slabHeadBytes + end)
      return
    }
    let at = start
    let frameFlags = flags
    do {
      this.#reserve(at < end ? 1 : 0)
      const bytes = Math.min(end - at, this.#room)
      this.#writeHeader(0, frameFlags, streamId, bytes)
      frameFlags = 0
      if (bytes > 0) this.#copy(chunk, at, at + bytes)
      at += bytes
    } while (at < end)
    // In this turn, not at its end: then its sender hears of room before the loop polls again.
    if (slabBytes - this.#used < fullSlabSlackBytes) this.flush()
  }

  /**
   * Hands what was written to the transport, as one write; not while the transport has as many as it
   * may: then the slab fills up, and leaves when it is full or another was taken. Otherwise each
   * answer to a peer that reads nothing would keep a slab of its own.
   */
  flush(): void {
    this.#isHeldBack = this.#slab !== undefined && this.#slabsInFlight >= slabsInFlightLimit
    if (!this.#isHeldBack) this.flushNow()
  }

  /** The same, whatever the transport has: nothing will follow, or the slab is full. */
  flushNow(): void {
    const slab = this.#slab
    if (slab === undefined) return
    this.#seal(slab)
    const bytes = this.#used
    this.#slab = undefined
    this.#used = 0
    this.#send(slab, 0, bytes)
  }

  /** Nothing is written any more: what has not left goes nowhere. */
  stop(): void {
    if (this.#slab !== undefined) releaseBuffer(this.#slab)
    this.#slab = undefined
    this.#used = 0
    this.#message = -1
    this.#isHeldBack = false
  }

  /** Nothing was written that has not left, and the transport may have one more. */
  get #isIdle(): boolean {
    return this.#slab === undefined && this.#slabsInFlight < slabsInFlightLimit
  }

  /** One message of one frame; its headers go in front of it. */
  #sendRead(flags: number, streamId: number, slab: Buffer, start: number, end: number): void {
    const frame = start - headerBytes
    writeHeader(slab, frame, FrameType.data, flags, streamId, end - start)
    const message = frame - this.#messageHeaderBytes
    this.#send(slab, message, this.#transport.sealMessage(slab, message, end))
  }

  #send(slab: Buffer, start: number, end: number): void {
    const bytes = end - start
    this.#inFlight += bytes
    this.#slabsInFlight++
    this.#transport.send(bytes === slabBytes ? slab : slab.subarray(start, end), () => {
      this.#inFlight -= bytes
      this.#slabsInFlight--
      releaseBuffer(slab)
      if (this.#isHeldBack) this.flush()
      this.#onTaken()
    })
  }

  #copy(chunk: Uint8Array, start: number, end: number): void {
    const slab = this.#open()
    if (Buffer.isBuffer(chunk)) chunk.copy(slab, this.#used, start, end)
    else slab.set(chunk.subarray(start, end), this.#used)
    this.#used += end - start
  }

  #writeHeader(type: FrameType, flags: number, streamId: number, length: number): void {
    writeHeader(this.#open(), this.#used, type, flags, streamId, length)
    this.#used += headerBytes
  }

  /** Makes sure that the open message has room for a header and `payload` bytes. */
  #reserve(payload: number): void {
    if (this.#message >= 0 && this.#room >= payload) return
    const slab = this.#open()
    this.#seal(slab)
    if (slabBytes - this.#used < maxRecordBytes) {
      this.flushNow()
      this.#open()
    }
    this.#message = this.#used
    this.#used += this.#messageHeaderBytes
  }

  #open(): Buffer {
    return (this.#slab ??= acquireBuffer(slabBytes))
  }

  #seal(slab: Buffer): void {
    if (this.#message < 0) return
    this.#used = this.#transport.sealMessage(slab, this.#message, this.#used)
    this.#message = -1
  }
}
