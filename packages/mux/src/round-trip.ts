// The session's round trip: the smallest of the last minute, because a queueing delay is no path.

/** A minute in spans, so that nothing is kept for each sample. */
const spanMs = 10_000
const spans = 6

export class RoundTrip {
  readonly #smallest: number[] = []
  #spanStartMs = -Infinity
  /** In milliseconds, between the two muxes; undefined before the first sample. */
  smallestMs: number | undefined

  /** Counts a sample; both in milliseconds. */
  add(sampleMs: number, nowMs: number): void {
    const passed = Math.floor((nowMs - this.#spanStartMs) / spanMs)
    if (passed > 0) {
      this.#spanStartMs = nowMs
      this.#smallest.splice(0, Math.max(0, this.#smallest.length + 1 - spans))
      if (passed >= spans) this.#smallest.length = 0
      this.#smallest.push(sampleMs)
    } else {
      const last = this.#smallest.length - 1
      this.#smallest[last] = Math.min(this.#smallest[last] ?? sampleMs, sampleMs)
    }
    this.smallestMs = Math.min(...this.#smallest)
  }
}
