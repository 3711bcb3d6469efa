// Where a socket's next read goes: into the buffer that all sockets share, or, after a read that filled
// it, into a slab, behind room for the headers. Bulk leaves in the slab it was read into, and is not
// copied at all (docs/adr/0006).
import { acquireBuffer, releaseBuffer } from './buffer-pool.ts'
import { slabBytes, slabHeadBytes } from './limits.ts'

/**
 * Lends the slab that was just read into, if it was one; the bytes begin at {@link slabHeadBytes}. Who
 * takes it gives it back to the pool.
 */
export interface SlabLoan {
  /** To leave at once: the next read gets another. */
  takeToSend(): Buffer | undefined
  /** To wait: the next read goes into the common buffer, so that a source that stands still has one slab. */
  takeToKeep(): Buffer | undefined
}

export class BulkRead implements SlabLoan {
  #slab: Buffer | undefined
  #view: Buffer | undefined
  #isKept = false

  /** For the read after one that was full; undefined: the common buffer. */
  next(): Buffer | undefined {
    if (this.#isKept) {
      this.#isKept = false
      return undefined
    }
    if (this.#slab === undefined) {
      this.#slab = acquireBuffer(slabBytes)
      this.#view = this.#slab.subarray(slabHeadBytes)
    }
    return this.#view
  }

  takeToSend(): Buffer | undefined {
    const slab = this.#slab
    this.#slab = undefined
    this.#view = undefined
    return slab
  }

  takeToKeep(): Buffer | undefined {
    this.#isKept = true
    return this.takeToSend()
  }

  /** There is no bulk any longer. */
  release(): void {
    if (this.#slab !== undefined) releaseBuffer(this.#slab)
    this.#slab = undefined
    this.#view = undefined
    this.#isKept = false
  }
}
