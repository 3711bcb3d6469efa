// A count with its rates of the last 1, 5 and 15 minutes: moving averages as of Unix load, which is what
// scripts written for ngrok's API expect.
import type { Clock } from '@sallyport/mux'

const tickMs = 5_000
const windowsMs = [60_000, 300_000, 900_000] as const

export class RateMeter {
  readonly #clock: Clock
  readonly #rates = [0, 0, 0]
  #tickedAtMs: number
  #uncounted = 0
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#tickedAtMs = clock.now()
  }

  get count(): number {
    return this.#count
  }

  add(): void {
    this.#tick()
    this.#count += 1
    this.#uncounted += 1
  }

  /** Per second, over 1, 5 and 15 minutes. */
  rates(): readonly [one: number, five: number, fifteen: number] {
    this.#tick()
    const [one = 0, five = 0, fifteen = 0] = this.#rates
    return [one, five, fifteen]
  }

  #tick(): void {
    const ticks = Math.floor((this.#clock.now() - this.#tickedAtMs) / tickMs)
    if (ticks === 0) return
    this.#tickedAtMs += ticks * tickMs
    const instant = this.#uncounted / (tickMs / 1_000)
    this.#uncounted = 0
    for (const [index, windowMs] of windowsMs.entries()) {
      const share = 1 - Math.exp(-tickMs / windowMs)
      const before = this.#rates[index] ?? 0
      // One tick with what came, then silence.
      this.#rates[index] = (before + share * (instant - before)) * (1 - share) ** (ticks - 1)
    }
  }
}
