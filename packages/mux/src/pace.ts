// Keeps the queue between the two ends short while a small request shares them with bulk. What
// stands in the kernel's buffers is what a request waits behind, so bulk then has little more under
// way than the path can hold: a ping after every so many bytes tells when they have arrived. Bulk
// that runs alone is not held back.
import type { Clock } from './clock.ts'
import { contentionMs, markerBytes, underwayBytesMin } from './limits.ts'

/** Delivery is reckoned over at least this long, because credit comes back in bursts. */
const rateIntervalMs = 10

export interface PaceOptions {
  readonly clock: Clock
  /** Smallest round trip, in milliseconds, once known. */
  rttMs(): number | undefined
  sendMarker(value: number): void
}

export class Pace {
  readonly #options: PaceOptions
  #contendedUntilMs = -Infinity
  #sinceMarker = 0
  /** Bytes ahead of each marker that has not come back, oldest first. */
  #markers: number[] = []
  #underway = 0
  #lastSent = 0
  #lastBack = 0
  #limit = underwayBytesMin
  #rateStartMs = 0
  #rateBytes = 0

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** A small write of another stream than the bulk's: for a while bulk is held to the path. */
  contend(): void {
    this.#contendedUntilMs = this.#options.clock.now() + contentionMs
  }

  /** True when bulk should wait until more has arrived. */
  get isFull(): boolean {
    if (this.#underway < this.#limit) return false
    return this.#isContended
  }

  get #isContended(): boolean {
    return this.#options.clock.now() < this.#contendedUntilMs
  }

  /** Data went out. */
  sent(bytes: number): void {
    this.#sinceMarker += bytes
    if (this.#sinceMarker < markerBytes) return
    if (this.#isContended) {
      this.#markers.push(this.#sinceMarker)
      this.#underway += this.#sinceMarker
      this.#lastSent = (this.#lastSent + 1) & 0x7fff_ffff
      this.#options.sendMarker(this.#lastSent)
    }
    this.#sinceMarker = 0
  }

  /** A marker came back: what was ahead of it has arrived. */
  arrived(value: number): void {
    let count = (value - this.#lastBack) & 0x7fff_ffff
    if (count > this.#markers.length) return
    this.#lastBack = value
    for (; count > 0; count--) this.#underway -= this.#markers.shift() ?? 0
  }

  /** Credit came back: the other end's sinks took so much. The limit follows: 2 x rate x RTT. */
  delivered(bytes: number): void {
    this.#rateBytes += bytes
    const nowMs = this.#options.clock.now()
    const rttMs = this.#options.rttMs() ?? 0
    const elapsedMs = nowMs - this.#rateStartMs
    if (elapsedMs < Math.max(rateIntervalMs, rttMs)) return
    this.#limit = Math.max(underwayBytesMin, (2 * rttMs * this.#rateBytes) / elapsedMs)
    this.#rateStartMs = nowMs
    this.#rateBytes = 0
  }
}
