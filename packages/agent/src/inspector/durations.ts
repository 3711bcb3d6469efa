// The newest durations, for percentiles.

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
}

/** A ring of numbers. */
export class Durations {
  readonly #size: number
  readonly #values: number[] = []
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  add(value: number): void {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#size
  }

  /** By nearest rank; undefined before the first. */
  percentiles(): Percentiles | undefined {
    if (this.#values.length === 0) return undefined
    const sorted = this.#values.toSorted((one, other) => one - other)
    const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
    return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99) }
  }
}
