// Keeps the queue between the two ends short while a small request shares them with bulk. What
// stands in the kernel's buffers is what a request waits behind, so bulk then has little more under
// way than the path can hold: a ping after every so many bytes tells when they have arrived. Bulk
// that runs alone is not held back.
import type { Clock } from './clock.ts'
import { contentionMs, markerBytes, probeIntervalMs, underwayBytesMin } from './limits.ts'
import type { RoundTrip } from './round-trip.ts'

/** Delivery is reckoned over at least this long, because credit comes back in bursts. */
const rateIntervalMs = 10

/** Times rate x round trip: so much keeps the path full. */
const fullPaths = 2

/**
 * Now and then one interval lets the path's queue run empty: else every sample of the round trip would
 * hold the queue that the limit allows, and the limit would grow from itself (BBR's ProbeRTT,
 * draft-ietf-ccwg-bbr §5.3.4).
 */
const probePaths = 0.5

export interface PaceOptions {
  readonly clock: Clock
  /** Markers are samples of it, too. */
  readonly roundTrip: RoundTrip
  sendMarker(value: number): void
}

interface Marker {
  /** Data ahead of it that no earlier marker counts. */
  readonly bytes: number
  readonly sentMs: number
}

export class Pace {
  readonly #options: PaceOptions
  #contendedUntilMs = -Infinity
  #sinceMarker = 0
  /** Markers that have not come back, oldest first. */
  readonly #markers: Marker[] = []
  #underway = 0
  #lastSent = 0
  #lastBack = 0
  #limit = underwayBytesMin
  #rateStartMs = 0
  #rateBytes = 0
  #nextProbeMs = 0

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
      this.#markers.push({ bytes: this.#sinceMarker, sentMs: this.#options.clock.now() })
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
    const nowMs = this.#options.clock.now()
    for (; count > 0; count--) {
      const marker = this.#markers.shift()
      if (marker === undefined) return
      this.#underway -= marker.bytes
      this.#options.roundTrip.add(nowMs - marker.sentMs, nowMs)
    }
  }

  /** Credit came back: the other end's sinks took so much. The limit follows. */
  delivered(bytes: number): void {
    this.#rateBytes += bytes
    const nowMs = this.#options.clock.now()
    const rttMs = this.#options.roundTrip.smallestMs ?? 0
    const elapsedMs = nowMs - this.#rateStartMs
    if (elapsedMs < Math.max(rateIntervalMs, rttMs)) return
    const isProbe = nowMs >= this.#nextProbeMs
    if (isProbe) this.#nextProbeMs = nowMs + probeIntervalMs
    const underway = (rttMs * this.#rateBytes) / elapsedMs
    this.#limit = Math.max(underwayBytesMin, underway * (isProbe ? probePaths : fullPaths))
    this.#rateStartMs = nowMs
    this.#rateBytes = 0
  }
}
