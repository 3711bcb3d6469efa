// Received chunks that wait for a slow taker. A chunk is a view of what came with it, so a few bytes
// could keep a whole message alive, 16 KiB or more, and each of them an object of its own: small ones
// are copied together, so that what waits costs little more than its size.
import { viewBytesMin } from './limits.ts'

/** The first block for small chunks; the next ones double up to {@link viewBytesMin}. */
const firstBlockBytes = 256

/** Places at the front that may be empty before the rest moves up. */
const emptyPlaces = 64

/**
 * True when a chunk may wait as it is. Otherwise it is copied: it is so small that an object for each
 * would cost more than its bytes, or less than half of the memory that it keeps alive.
 */
export function isWorthKeeping(chunk: Buffer): boolean {
  return chunk.length >= viewBytesMin && 2 * chunk.length >= chunk.buffer.byteLength
}

export class ChunkQueue {
  #chunks: (Buffer | undefined)[] = []
  #front = 0
  /** Holds the last chunk at its start and may have room behind it; undefined = no room. */
  #block: Buffer | undefined
  #used = 0
  #blockBytes = firstBlockBytes

  /** Chunks that wait, after small ones were put together. */
  get length(): number {
    return this.#chunks.length - this.#front
  }

  push(chunk: Buffer): void {
    if (!isWorthKeeping(chunk)) return this.pushCopy(chunk)
    this.#block = undefined
    this.#chunks.push(chunk)
  }

  /** For a chunk that is not ours to keep. */
  pushCopy(chunk: Buffer): void {
    const block = this.#block
    if (block !== undefined && this.#used + chunk.length <= block.length) {
      chunk.copy(block, this.#used)
      this.#used += chunk.length
      this.#chunks[this.#chunks.length - 1] = block.subarray(0, this.#used)
    } else this.#pushBlock(chunk)
  }

  /** Takes the oldest chunk. */
  shift(): Buffer | undefined {
    const chunk = this.#chunks[this.#front]
    if (chunk === undefined) return undefined
    this.#chunks[this.#front++] = undefined
    if (this.length === 0) this.clear()
    else if (this.#front > emptyPlaces && this.#front > this.length) {
      this.#chunks = this.#chunks.slice(this.#front)
      this.#front = 0
    }
    return chunk
  }

  /** Puts a chunk in front of all others. */
  unshift(chunk: Buffer): void {
    if (this.length === 0) this.push(chunk)
    else if (this.#front > 0) this.#chunks[--this.#front] = chunk
    else this.#chunks.unshift(chunk)
  }

  clear(): void {
    this.#chunks = []
    this.#front = 0
    this.#block = undefined
    this.#blockBytes = firstBlockBytes
  }

  #pushBlock(chunk: Buffer): void {
    const block = Buffer.allocUnsafeSlow(Math.max(this.#blockBytes, chunk.length))
    this.#blockBytes = Math.min(2 * this.#blockBytes, viewBytesMin)
    chunk.copy(block)
    this.#block = block
    this.#used = chunk.length
    this.#chunks.push(block.subarray(0, chunk.length))
  }
}
