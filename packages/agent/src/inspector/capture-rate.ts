// Which exchanges are kept when more come than anyone could look at: a bucket of tokens. All are counted.
import type { Clock } from '@sallyport/mux'
import { captureBurst, capturesPerSecond } from './limits.ts'

export class CaptureRate {
  readonly #clock: Clock
  #tokens = captureBurst
  #filledAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#filledAtMs = clock.now()
  }

  /** Whether one more may be kept. */
  take(): boolean {
    const now = this.#clock.now()
    const fresh = ((now - this.#filledAtMs) * capturesPerSecond) / 1_000
    this.#tokens = Math.min(captureBurst, this.#tokens + fresh)
    this.#filledAtMs = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
