// The captured exchanges, newest last, bounded by bytes and by number: the oldest go first. Tells who
// looks on what changed.
import { type Exchange, initialBytes } from './exchange.ts'
import { maxExchanges, maxHeldBytes } from './limits.ts'

export interface StoreListener {
  /** It began, went on or ended. */
  changed(exchange: Exchange): void
  cleared(): void
}

export interface StoreBounds {
  readonly maxBytes: number
  readonly maxExchanges: number
}

export class ExchangeStore {
  readonly #bounds: StoreBounds
  readonly #held = new Map<string, { readonly exchange: Exchange; bytes: number }>()
  readonly #listeners = new Set<StoreListener>()
  #bytes = 0

  constructor(bounds: StoreBounds = { maxBytes: maxHeldBytes, maxExchanges }) {
    this.#bounds = bounds
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#held.size
  }

  get(id: string): Exchange | undefined {
    return this.#held.get(id)?.exchange
  }

  newestFirst(): readonly Exchange[] {
    return Array.from(this.#held.values(), ({ exchange }) => exchange).reverse()
  }

  add(exchange: Exchange): void {
    this.#held.set(exchange.id, { exchange, bytes: 0 })
    this.grow(exchange, initialBytes(exchange))
    this.changed(exchange)
  }

  /** The exchange takes so many bytes more. @returns false when it is no longer held. */
  grow({ id }: Exchange, bytes: number): boolean {
    const entry = this.#held.get(id)
    if (!entry) return false
    entry.bytes += bytes
    this.#bytes += bytes
    while (this.#bytes > this.#bounds.maxBytes || this.#held.size > this.#bounds.maxExchanges) {
      this.#forgetOldest()
    }
    return this.#held.has(id)
  }

  changed(exchange: Exchange): void {
    if (this.#listeners.size === 0 || !this.#held.has(exchange.id)) return
    for (const listener of this.#listeners) listener.changed(exchange)
  }

  clear(): void {
    this.#held.clear()
    this.#bytes = 0
    for (const listener of this.#listeners) listener.cleared()
  }

  /** @returns what ends it. */
  listen(listener: StoreListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #forgetOldest(): void {
    for (const [id, { bytes }] of this.#held) {
      this.#held.delete(id)
      this.#bytes -= bytes
      return
    }
  }
}
