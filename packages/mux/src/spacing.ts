// Keeps small writes on a long path apart, so that those of many streams share a packet. TCP counts
// packets, not bytes: after a pause ten may be under way (RFC 6928 §2, RFC 2861), and the eleventh
// visitor of a burst would wait a whole round trip. The first few writes leave at once.
import type { Clock } from './clock.ts'
import { freeWrites, packetBytes, spacingMsMin, spacingsPerRoundTrip } from './limits.ts'
import type { RoundTrip } from './round-trip.ts'

export class Spacing {
  readonly #clock: Clock
  readonly #roundTrip: RoundTrip
  /** When a write would leave if none of them were free. */
  #dueMs = -Infinity

  constructor(clock: Clock, roundTrip: RoundTrip) {
    this.#clock = clock
    this.#roundTrip = roundTrip
  }

  /** Milliseconds for which a write of `bytes` should wait for company; 0: it leaves now, and counts. */
  waitMs(bytes: number): number {
    if (bytes >= packetBytes) return 0
    const spacingMs = (this.#roundTrip.smallestMs ?? 0) / spacingsPerRoundTrip
    if (spacingMs < spacingMsMin) return 0
    const nowMs = this.#clock.now()
    const dueMs = Math.max(nowMs, this.#dueMs)
    const restMs = dueMs - nowMs - (freeWrites - 1) * spacingMs
    if (restMs > 0) return restMs
    this.#dueMs = dueMs + spacingMs
    return 0
  }
}
