// Medians and percentiles of samples. No interpolation beyond the middle of two: a percentile is a
// value that was measured.

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** How many samples there were. */
  readonly count: number
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}

/** The nearest-rank percentile: the smallest value that `percent` % of the samples do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const rank = Math.ceil((percent / 100) * values.length)
  return sorted(values)[Math.max(0, rank - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const ordered = sorted(values)
  const middle = ordered.length / 2
  const upper = ordered[Math.floor(middle)] ?? Number.NaN
  if (ordered.length % 2 === 1) return upper
  return ((ordered[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Undefined when there is nothing to summarise: no sample is not a zero. */
export function summarise(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    count: values.length,
  }
}
