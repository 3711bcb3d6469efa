// Which stream ids the peer has used. They rise by two, but not always in order: an opener with
// several threads takes its ids first and sends its SYNs as chance will have it (hashicorp/yamux
// does), so an id that was jumped over may still come, once.
import { skippedIdsLimit } from './limits.ts'

export class PeerIds {
  #last: number
  readonly #skipped = new Set<number>()

  /** `first` is the peer's first id: 1 for an agent, 2 for a relay. */
  constructor(first: 1 | 2) {
    this.#last = first - 2
  }

  /** Counts an id as used; false when it cannot be a new one of the peer's. */
  take(id: number): boolean {
    if (!this.isPeers(id)) return false
    if (id <= this.#last) return this.#skipped.delete(id)
    for (let skipped = this.#firstSkipped(id); skipped < id; skipped += 2) {
      this.#skipped.add(skipped)
    }
    for (const oldest of this.#skipped) {
      if (this.#skipped.size <= skippedIdsLimit) break
      this.#skipped.delete(oldest)
    }
    this.#last = id
    return true
  }

  /** True for ids that the peer opens, used or not. */
  isPeers(id: number): boolean {
    return (id - this.#last) % 2 === 0
  }

  /** True for an id that the peer has used. */
  isUsed(id: number): boolean {
    return id <= this.#last && !this.#skipped.has(id)
  }

  /** Of a long jump only the last ids are kept in mind. */
  #firstSkipped(id: number): number {
    return Math.max(this.#last + 2, id - 2 * skippedIdsLimit)
  }
}
