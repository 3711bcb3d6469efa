// How long to wait before the next dial: full jitter under a ceiling that doubles. Pure: clock and
// random are passed in, and it owns no timer (connector.ts does).
import {
  earlyBackoffMs,
  earlyDialMs,
  earlyOutageMs,
  firstBackoffMs,
  lateBackoffMs,
  lateDialMs,
} from './limits.ts'

export interface BackoffOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/**
 * One outage after another. An outage begins with the first dial or with a lost session, and ends
 * only when a session was stable: a relay that accepts and drops us at once is still one outage.
 */
export class Backoff {
  readonly #now: () => number
  readonly #random: () => number
  #outageSinceMs: number | undefined
  #ceilingMs = firstBackoffMs

  constructor(options: BackoffOptions) {
    this.#now = options.now
    this.#random = options.random
  }

  /** The outage begins now, unless one is running. */
  begin(): void {
    this.#outageSinceMs ??= this.#now()
  }

  /** The session was stable: the next outage starts afresh. */
  reset(): void {
    this.#outageSinceMs = undefined
    this.#ceilingMs = firstBackoffMs
  }

  /** Milliseconds until the next dial: uniform in [0, ceiling); the ceiling doubles up to the cap. */
  nextDelayMs(): number {
    const ceilingMs = Math.min(this.#ceilingMs, this.#isEarly() ? earlyBackoffMs : lateBackoffMs)
    this.#ceilingMs = ceilingMs * 2
    return Math.floor(this.#random() * ceilingMs)
  }

  /** How long one dial may take. */
  dialTimeoutMs(): number {
    return this.#isEarly() ? earlyDialMs : lateDialMs
  }

  #isEarly(): boolean {
    return this.#outageSinceMs === undefined || this.#now() - this.#outageSinceMs < earlyOutageMs
  }
}
