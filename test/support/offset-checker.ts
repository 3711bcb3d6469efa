// Reads what should be an offset stream and says what became of it. At the first wrong byte it keeps
// some of what follows, because only that tells a loss from a swap or from damage.
import { type OffsetStream, probeBytes } from './offset-stream.ts'

/** `at` is the offset of the first wrong byte, `bytes` how many are concerned. */
export type Verdict =
  | { readonly kind: 'intact'; readonly bytes: number }
  /** Ended early: the last `bytes` never came. */
  | { readonly kind: 'truncated'; readonly at: number; readonly bytes: number }
  /** Went on after its end. */
  | { readonly kind: 'excess'; readonly at: number; readonly bytes: number }
  /** `bytes` in the middle never came; what follows them did. */
  | { readonly kind: 'lost'; readonly at: number; readonly bytes: number }
  /** `bytes` came a second time. */
  | { readonly kind: 'repeated'; readonly at: number; readonly bytes: number }
  /** `bytes` came before the ones in front of them, which came later. */
  | { readonly kind: 'reordered'; readonly at: number; readonly bytes: number }
  /** Foreign bytes stand in the place of `bytes` (or, to the end of what was kept, of the rest). */
  | { readonly kind: 'corrupt'; readonly at: number; readonly bytes: number }

/** What is kept after the first wrong byte: a swap wider than this reads as a loss. */
const keptBytes = 1024 * 1024

export class OffsetChecker {
  readonly #stream: OffsetStream
  readonly #totalBytes: number
  #received = 0
  #intact = 0
  #kept: Buffer[] | undefined
  #keptBytes = 0

  constructor(stream: OffsetStream, totalBytes: number) {
    this.#stream = stream
    this.#totalBytes = totalBytes
  }

  /** All bytes seen, right or wrong. */
  get received(): number {
    return this.#received
  }

  /** True from the first wrong byte on: a test may stop there. */
  get isSpoiled(): boolean {
    return this.#kept !== undefined
  }

  /** Takes the next bytes; keeps none of them (but a copy of the first wrong ones). */
  push(chunk: Uint8Array): void {
    this.#received += chunk.length
    if (this.#kept) return this.#keep(chunk)
    const due = Math.min(chunk.length, this.#totalBytes - this.#intact)
    const good = this.#stream.matching(chunk.subarray(0, due), this.#intact)
    this.#intact += good
    if (good < chunk.length) {
      this.#kept = []
      this.#keep(chunk.subarray(good))
    }
  }

  /** What became of the stream, once nothing more will come. */
  verdict(): Verdict {
    const at = this.#intact
    const missing = this.#totalBytes - at
    if (!this.#kept) {
      return missing === 0
        ? { kind: 'intact', bytes: at }
        : { kind: 'truncated', at, bytes: missing }
    }
    const rest = Buffer.concat(this.#kept)
    if (missing === 0) return this.#afterTheEnd(rest)
    const found = this.#locate(rest)
    if (found === undefined) return { kind: 'corrupt', at, bytes: this.#foreign(rest) }
    const run = this.#stream.matching(rest, found)
    if (found < at) return { kind: 'repeated', at, bytes: run }
    if (this.#comesLater(rest, run)) return { kind: 'reordered', at, bytes: run }
    return { kind: 'lost', at, bytes: found - at }
  }

  /** Throws unless every byte came, once, in order, and then the end. */
  assertIntact(): void {
    const verdict = this.verdict()
    if (verdict.kind === 'intact') return
    throw new Error(
      `${verdict.bytes} bytes ${verdict.kind} at offset ${verdict.at} of ${this.#totalBytes} ` +
        `(${this.#received} received)`,
    )
  }

  /** Takes all of a stream, to its end. */
  async drain(source: AsyncIterable<Uint8Array>): Promise<Verdict> {
    for await (const chunk of source) this.push(chunk)
    return this.verdict()
  }

  #keep(chunk: Uint8Array): void {
    const part = chunk.subarray(0, keptBytes - this.#keptBytes)
    if (part.length === 0) return
    this.#kept?.push(Buffer.from(part))
    this.#keptBytes += part.length
  }

  /** Where bytes belong; what would stand beyond the end is foreign (any XOR of a block is a block). */
  #locate(bytes: Buffer): number | undefined {
    const found = this.#stream.locate(bytes)
    return found !== undefined && found < this.#totalBytes ? found : undefined
  }

  /** Own bytes after the last one were repeated, others are excess. */
  #afterTheEnd(rest: Buffer): Verdict {
    const found = this.#stream.locate(rest)
    const at = this.#intact
    return found !== undefined && found < at
      ? { kind: 'repeated', at, bytes: this.#stream.matching(rest, found) }
      : { kind: 'excess', at, bytes: this.#received - at }
  }

  /** How many bytes are foreign before the stream is in step again. */
  #foreign(rest: Buffer): number {
    for (let skip = 1; skip + probeBytes <= rest.length; skip++) {
      const probe = rest.subarray(skip, skip + probeBytes)
      if (this.#stream.matching(probe, this.#intact + skip) === probeBytes) return skip
    }
    // Too near the end for a probe: what stands at its own place is right all the same.
    const tail = Math.max(1, rest.length - probeBytes + 1)
    for (let skip = tail; skip < rest.length; skip++) {
      const left = rest.subarray(skip)
      if (this.#stream.matching(left, this.#intact + skip) === left.length) return skip
    }
    return rest.length
  }

  /** True when the byte that was due stands further on, after the run of others. */
  #comesLater(rest: Buffer, firstRun: number): boolean {
    for (let from = firstRun; from < rest.length;) {
      const found = this.#locate(rest.subarray(from))
      if (found === this.#intact) return true
      if (found === undefined) return false
      from += this.#stream.matching(rest.subarray(from), found)
    }
    return false
  }
}
