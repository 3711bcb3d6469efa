// What our own loads print: one line of JSON with a sample per request that succeeded and a count of
// those that did not.

export interface LoadResult {
  readonly samplesMs: readonly number[]
  readonly failed: number
  /** Why, each reason once. */
  readonly reasons: readonly string[]
}

/** Collects the results of a load; `failed` requests leave no sample. */
export class LoadLog {
  readonly #samplesMs: number[] = []
  readonly #reasons = new Set<string>()
  #failed = 0

  add(sampleMs: number): void {
    this.#samplesMs.push(sampleMs)
  }

  fail(error: unknown): void {
    this.#failed += 1
    if (this.#reasons.size < 5) {
      this.#reasons.add(error instanceof Error ? error.message : String(error))
    }
  }

  print(): void {
    const result: LoadResult = {
      samplesMs: this.#samplesMs.map((ms) => Math.round(ms * 1000) / 1000),
      failed: this.#failed,
      reasons: [...this.#reasons],
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
}

/** Parses what a load printed. Throws when it is anything else. */
export function parseLoadResult(text: string): LoadResult {
  const value: unknown = JSON.parse(text)
  if (
    typeof value === 'object' &&
    value !== null &&
    'samplesMs' in value &&
    isArrayOf(value.samplesMs, (item) => typeof item === 'number') &&
    'failed' in value &&
    typeof value.failed === 'number' &&
    'reasons' in value &&
    isArrayOf(value.reasons, (item) => typeof item === 'string')
  ) {
    return { samplesMs: value.samplesMs, failed: value.failed, reasons: value.reasons }
  }
  throw new Error(`not the result of a load: ${text.slice(0, 200)}`)
}

function isArrayOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem)
}
