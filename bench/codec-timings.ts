// What the codec's micro-benchmarks save, and when one run is slower than another.

export interface Timing {
  readonly name: string
  readonly medianNs: number
  readonly minNs: number
}

/**
 * The fastest sample is compared, because others on the machine only ever add; two runs of the same
 * code differed by up to 14 % in it.
 */
const tolerance = 1.25

/** A sentence for each case that is slower than it was. A case that is new or gone says nothing. */
export function compareWith(before: readonly Timing[], now: readonly Timing[]): string[] {
  return now.flatMap(({ name, minNs }) => {
    const old = before.find((timing) => timing.name === name)
    if (!old || minNs <= old.minNs * tolerance) return []
    return [`${name}: ${minNs.toFixed(1)} ns, was ${old.minNs.toFixed(1)} ns`]
  })
}

/** Parses what `--save` wrote. */
export function parseSaved(text: string): Timing[] {
  const saved: unknown = JSON.parse(text)
  if (!Array.isArray(saved) || !saved.every(isTiming)) throw new Error('not timings of the codec')
  return saved
}

function isTiming(value: unknown): value is Timing {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'medianNs' in value &&
    typeof value.medianNs === 'number' &&
    'minNs' in value &&
    typeof value.minNs === 'number'
  )
}
