// Where a stream's bytes go into a socket: copied once into pooled buffers, and written as few large
// writes. What the socket has taken is counted, because credit is given for that alone.
import type { Socket } from 'node:net'
import { acquireBuffer, releaseBuffer } from './buffer-pool.ts'
import { sinkWriteBytes, smallWriteBytes } from './limits.ts'

export class SocketSink {
  readonly #socket: Socket
  readonly #onTaken: (bytes: number) => void
  /** What waits for the end of the turn, or behind bytes that the socket has not taken. */
  #open: Buffer | undefined
  #used = 0
  /** Handed to the socket, oldest first; its callbacks come in that order. */
  readonly #written: Buffer[] = []
  #bytesWritten = 0
  #bytesTaken = 0
  /** One callback for all writes. */
  readonly #onWritten = (error?: Error | null): void => {
    // Mostly it is the only one, and shift() is a call into the engine.
    const buffer = this.#written.length === 1 ? this.#written.pop() : this.#written.shift()
    if (buffer !== undefined) releaseBuffer(buffer)
    if (!error) this.flush()
  }

  /** `onTaken` hears how many bytes the socket has taken since the last time. */
  constructor(socket: Socket, onTaken: (bytes: number) => void) {
    this.#socket = socket
    this.#onTaken = onTaken
  }

  /** Bytes that the socket has taken. */
  get bytesTaken(): number {
    return this.#bytesTaken
  }

  /** Copies `bytes[start, end)`. A request's worth leaves at once, more with the rest of its turn. */
  push(bytes: Buffer, start: number, end: number): void {
    const isWaited = this.#used > 0 || this.#socket.writableLength > 0
    for (let at = start; at < end;) {
      const buffer = (this.#open ??= acquireBuffer(this.#sizeFor(end - at, isWaited)))
      const copied = bytes.copy(buffer, this.#used, at, end)
      this.#used += copied
      at += copied
      if (this.#used === buffer.length) this.#write()
    }
    if (!isWaited && end - start <= smallWriteBytes) this.#write()
  }

  /** Writes what is open, unless the socket still has what came before; says what it has taken. */
  flush(): void {
    if (this.#socket.writableLength === 0) this.#write()
    const taken = this.#bytesWritten - this.#socket.writableLength
    const bytes = taken - this.#bytesTaken
    if (bytes <= 0) return
    this.#bytesTaken = taken
    this.#onTaken(bytes)
  }

  /** FIN behind all that was pushed. */
  end(): void {
    this.#write()
    this.#socket.end()
  }

  /** What is open goes nowhere. */
  drop(): void {
    if (this.#open !== undefined) releaseBuffer(this.#open)
    this.#open = undefined
    this.#used = 0
  }

  /** Small chunks that have to wait are packed: a buffer for each would cost many times their size. */
  #sizeFor(bytes: number, isWaited: boolean): number {
    if (bytes > smallWriteBytes) return sinkWriteBytes
    return isWaited ? smallWriteBytes : bytes
  }

  #write(): void {
    const buffer = this.#open
    if (buffer === undefined) return
    const bytes = this.#used
    this.#open = undefined
    this.#used = 0
    this.#bytesWritten += bytes
    this.#written.push(buffer)
    this.#socket.write(
      bytes === buffer.length ? buffer : buffer.subarray(0, bytes),
      this.#onWritten,
    )
  }
}
