// One run of the differential test for answers: what visitors got, read by others' parsers.
import { type ReadResponse, type VisitorStream, readResponsesByEdge } from './response-reading.ts'
import { Seeded } from './seeded.ts'

export interface ResponseReader {
  readonly name: string
  /** Streams as `METHODS\n` and the bytes. */
  ask<Reading>(streams: readonly Buffer[]): Promise<readonly Reading[]>
}

export interface ResponseResult {
  readonly cases: number
  readonly passed: number
  readonly broken: number
  readonly desyncs: readonly string[]
}

const batchCases = 500

function findDesync(stream: VisitorStream, read: readonly ReadResponse[]): string | undefined {
  for (const [index, response] of read.entries()) {
    const passed = stream.responses[index]
    if (!passed) return `read an answer that nobody gave: ${response.status}`
    if (response.status !== passed.status) return `read ${response.status} for ${passed.status}`
    const canCompare = response.isWhole && passed.isWhole && passed.sha256 !== undefined
    if (canCompare && response.sha256 !== passed.sha256) return `another body of answer ${index}`
    // Where the visitor sees a reset, a body until the end may look whole to who is not told.
    const mustAgree = stream.hasEnded
    if (mustAgree && response.isWhole !== passed.isWhole) return `answer ${index} is whole to one`
  }
  const whole = stream.responses.filter(({ isWhole }) => isWhole).length
  return read.length < whole ? `read ${read.length} answers of ${whole}` : undefined
}

export async function runResponseDifferential(
  readers: readonly ResponseReader[],
  cases: number,
  firstSeed: number,
): Promise<ResponseResult> {
  const desyncs: string[] = []
  let passed = 0
  let broken = 0
  for (let at = 0; at < cases; at += batchCases) {
    const seeds = Array.from(
      { length: Math.min(batchCases, cases - at) },
      (_, index) => firstSeed + at + index,
    )
    const streams = seeds.map((seed) => readResponsesByEdge(new Seeded(seed)))
    for (const { responses, hasEnded } of streams) {
      passed += responses.filter(({ sha256 }) => sha256 !== undefined).length
      if (!hasEnded || responses.some(({ status }) => status === 502)) broken++
    }
    const inputs = streams.map(({ methods, bytes }) =>
      Buffer.concat([Buffer.from(`${methods.join(' ')}\n`), bytes]),
    )
    for (const reader of readers) {
      const readings = await reader.ask<readonly ReadResponse[]>(inputs)
      for (const [index, stream] of streams.entries()) {
        const desync = findDesync(stream, readings[index] ?? [])
        if (desync !== undefined) desyncs.push(`case ${seeds[index]}, ${reader.name}: ${desync}`)
      }
    }
  }
  return { cases, passed, broken, desyncs }
}
