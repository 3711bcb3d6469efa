// One run of the differential test: cases through the edge, what it passed on to each reader, and what
// did not agree.
import { type OriginStream, readByEdge } from './edge-reading.ts'
import { type HttpReader, findDesync } from './http-reader.ts'
import { generateRequests } from './request-grammar.ts'
import { Seeded } from './seeded.ts'

export interface DifferentialResult {
  readonly cases: number
  /** Requests that the edge passed on whole. */
  readonly passed: number
  /** Cases in which the edge refused something. */
  readonly refused: number
  /** By reader: requests that it read, streams that it would not read to the end. */
  readonly readers: Readonly<Record<string, { readonly read: number; readonly refused: number }>>
  readonly desyncs: readonly string[]
}

const batchCases = 500

/** Cases `firstSeed` and on; the case of a desync is repeated by its seed. */
export async function runDifferential(
  readers: readonly HttpReader[],
  cases: number,
  firstSeed: number,
): Promise<DifferentialResult> {
  const counts = new Map(readers.map(({ name }) => [name, { read: 0, refused: 0 }]))
  const desyncs: string[] = []
  let passed = 0
  let refused = 0
  for (let at = 0; at < cases; at += batchCases) {
    const streams: (OriginStream & { readonly seed: number })[] = []
    for (let seed = firstSeed + at; seed < firstSeed + Math.min(cases, at + batchCases); seed++) {
      const seeded = new Seeded(seed)
      const reading = readByEdge(generateRequests(seeded), seeded)
      streams.push(...reading.streams.map((stream) => ({ ...stream, seed })))
      if (reading.statuses.some((status) => status >= 400)) refused++
    }
    for (const { requests } of streams) {
      passed += requests.filter(({ isWhole, target }) => isWhole && target !== '/sentinel').length
    }
    const all = await Promise.all(
      readers.map((reader) => reader.read(streams.map(({ bytes }) => bytes))),
    )
    for (const [index, { name }] of readers.entries()) {
      for (const [place, stream] of streams.entries()) {
        const reading = all[index]?.[place]
        if (!reading) throw new Error(`${name} said nothing of case ${stream.seed}`)
        const count = counts.get(name)
        if (count) {
          count.read += reading.requests.length
          if (reading.hasRefused) count.refused++
        }
        const desync = findDesync(stream, reading)
        if (desync !== undefined) desyncs.push(`case ${stream.seed}, ${name}: ${desync}`)
      }
    }
  }
  return { cases, passed, refused, readers: Object.fromEntries(counts), desyncs }
}
