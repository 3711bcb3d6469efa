// Who waits for an agent that is away, by route, and how many may: a cap per route and one per
// visitor address, so that nobody fills the lot alone. Knows no sockets.
import { isLoopback } from '@sallyport/protocol'
import { maxParkedPerAddress, maxParkedPerRoute } from './limits.ts'

export interface ParkingOptions {
  readonly maxPerRoute?: number
  readonly maxPerAddress?: number
}

/** What the lot must know of who parks. */
export interface Parker {
  readonly place: string
  /** The visitor's IP address. */
  readonly address: string
}

export class Parking<P extends Parker> {
  #maxPerRoute: number
  #maxPerAddress: number
  readonly #byPlace = new Map<string, Set<P>>()
  readonly #byAddress = new Map<string, number>()

  constructor({ maxPerRoute, maxPerAddress }: ParkingOptions = {}) {
    this.#maxPerRoute = maxPerRoute ?? maxParkedPerRoute
    this.#maxPerAddress = maxPerAddress ?? maxParkedPerAddress
  }

  /** Other caps from now on; who waits already stays. */
  limit({ maxPerRoute, maxPerAddress }: ParkingOptions): void {
    this.#maxPerRoute = maxPerRoute ?? maxParkedPerRoute
    this.#maxPerAddress = maxPerAddress ?? maxParkedPerAddress
  }

  /** False when the lot is full for its route or its address. */
  enter(parker: P): boolean {
    const waiting = this.#byPlace.get(parker.place) ?? new Set()
    if (waiting.has(parker)) return true
    const fromAddress = this.#byAddress.get(parker.address) ?? 0
    if (waiting.size >= this.#maxPerRoute) return false
    // All who come through a proxy on this machine share the loopback's address.
    if (fromAddress >= this.#maxPerAddress && !isLoopback(parker.address)) return false
    this.#byAddress.set(parker.address, fromAddress + 1)
    this.#byPlace.set(parker.place, waiting.add(parker))
    return true
  }

  /** No effect on one that is not parked. */
  leave(parker: P): void {
    const waiting = this.#byPlace.get(parker.place)
    if (!waiting?.delete(parker)) return
    if (waiting.size === 0) this.#byPlace.delete(parker.place)
    const fromAddress = (this.#byAddress.get(parker.address) ?? 0) - 1
    if (fromAddress > 0) this.#byAddress.set(parker.address, fromAddress)
    else this.#byAddress.delete(parker.address)
  }

  /** All who wait for the route leave, in the order in which they came. */
  takeAll(place: string): readonly P[] {
    const waiting = [...(this.#byPlace.get(place) ?? [])]
    for (const parker of waiting) this.leave(parker)
    return waiting
  }

  all(): readonly P[] {
    return [...this.#byPlace.values()].flatMap((waiting) => [...waiting])
  }

  count(place: string): number {
    return this.#byPlace.get(place)?.size ?? 0
  }

  get isEmpty(): boolean {
    return this.#byPlace.size === 0 && this.#byAddress.size === 0
  }
}
