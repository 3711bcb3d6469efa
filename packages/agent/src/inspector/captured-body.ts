// The beginning of a body, copied as it passes. The bytes handed over are valid during the call only,
// and nothing waits for this: past the bound it only counts.
import { maxBodyBytes } from './limits.ts'

const nothing = Buffer.alloc(0)

/** First room: most JSON answers fit. */
const firstBytes = 512

export class CapturedBody {
  #room: Buffer = nothing
  #kept = 0
  #seen = 0

  /** What was kept: a view, not a copy. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#kept)
  }

  /** Bytes that passed. */
  get seen(): number {
    return this.#seen
  }

  /** More passed than was kept. */
  get isCut(): boolean {
    return this.#seen > this.#kept
  }

  /** Copies `bytes[start, end)` while there is room. @returns by how much the memory held grew. */
  add(bytes: Uint8Array, start: number, end: number): number {
    this.#seen += end - start
    const taken = Math.min(end - start, maxBodyBytes - this.#kept)
    if (taken <= 0) return 0
    const grown = this.#makeRoom(this.#kept + taken)
    this.#room.set(bytes.subarray(start, start + taken), this.#kept)
    this.#kept += taken
    return grown
  }

  #makeRoom(needed: number): number {
    const before = this.#room.length
    if (needed <= before) return 0
    const room = Buffer.allocUnsafeSlow(
      Math.min(maxBodyBytes, Math.max(firstBytes, needed, 2 * before)),
    )
    this.#room.copy(room, 0, 0, this.#kept)
    this.#room = room
    return room.length - before
  }
}
