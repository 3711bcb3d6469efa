// Micro-benchmarks of the frame codec, so that a regression is seen before it is a slow tunnel:
//
//   node scripts/set-up.mjs bench/codec.ts [--save FILE] [--against FILE]
//
// `--against` compares with what an earlier `--save` wrote on the same machine, and ends with 1 when
// a case got slower than noise explains (25 %).
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  Flag,
  FrameDecoder,
  FrameType,
  decodeProxyHeader,
  encodeProxyHeader,
  headerBytes,
  writeHeader,
  type FrameHandler,
} from '@sallyport/protocol'
import { formatNumber } from './report/format-number.ts'
import { compareWith, parseSaved, type Timing } from './codec-timings.ts'
import { summarise } from './statistics.ts'

interface Case {
  readonly name: string
  /** What is counted: one header, one frame. */
  readonly unit: string
  /** Does the work once and says how many units that were. */
  readonly run: () => number
}

/** Each sample runs this long; the first samples, in which the code is compiled, are left out. */
const sampleMs = 100
const warmUpSamples = 3
const samples = 9

let sink = 0

/** Looks at everything it is told, so that nothing can be optimised away. */
const handler: FrameHandler = {
  onData: (streamId, flags, length) => (sink ^= streamId ^ flags ^ length),
  onPayload: (_bytes, start, end, isLast) => (sink ^= (end - start) ^ (isLast ? 1 : 0)),
  onWindowUpdate: (streamId, flags, credit) => (sink ^= streamId ^ flags ^ credit),
  onPing: (flags, value) => (sink ^= flags ^ value),
  onGoAway: (reason) => (sink ^= reason),
}

/** A stream of `count` data frames with payloads of `payloadBytes`. */
function dataFrames(count: number, payloadBytes: number): Buffer {
  const frame = headerBytes + payloadBytes
  const bytes = Buffer.alloc(count * frame)
  for (let index = 0; index < count; index += 1) {
    writeHeader(bytes, index * frame, FrameType.data, Flag.none, 1 + index, payloadBytes)
  }
  return bytes
}

function windowUpdates(count: number): Buffer {
  const bytes = Buffer.alloc(count * headerBytes)
  for (let index = 0; index < count; index += 1) {
    writeHeader(bytes, index * headerBytes, FrameType.windowUpdate, Flag.none, 1, 65_536)
  }
  return bytes
}

function cut(bytes: Buffer, chunkBytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  )
}

function decode(name: string, frames: number, chunks: readonly Buffer[]): Case {
  const decoder = new FrameDecoder(handler)
  const run = () => {
    for (const chunk of chunks) decoder.push(chunk)
    return frames
  }
  return { name: `decode ${name}`, unit: 'frame', run }
}

const target = Buffer.alloc(64 * 1024)
const visitor = { address: '203.0.113.7', port: 51_234 }
const listener = { address: '198.51.100.2', port: 443 }
const proxyHeader = encodeProxyHeader({ visitor, listener, sni: 'app.example.com', route: 'r0' })

const cases: readonly Case[] = [
  {
    name: 'write header',
    unit: 'header',
    run: () => {
      const end = target.length - headerBytes
      for (let at = 0; at <= end; at += headerBytes) {
        writeHeader(target, at, FrameType.data, Flag.syn, at, 16_384)
      }
      return Math.floor(end / headerBytes) + 1
    },
  },
  decode('16 KiB payloads, a record each', 64, cut(dataFrames(64, 16_364), 16_376)),
  decode('200-byte payloads, 16 KiB chunks', 1_024, cut(dataFrames(1_024, 200), 16_376)),
  decode('200-byte payloads, cut at 1,400', 1_024, cut(dataFrames(1_024, 200), 1_400)),
  decode('200-byte payloads, cut at 7', 256, cut(dataFrames(256, 200), 7)),
  decode('window updates, 16 KiB chunks', 1_024, cut(windowUpdates(1_024), 16_376)),
  {
    name: 'PROXY v2 header, encode',
    unit: 'header',
    run: () => {
      const header = { visitor, listener, sni: 'app.example.com', route: 'r0' }
      sink ^= encodeProxyHeader(header).length
      return 1
    },
  },
  {
    name: 'PROXY v2 header, decode',
    unit: 'header',
    run: () => {
      sink ^= decodeProxyHeader(proxyHeader)?.length ?? 0
      return 1
    },
  },
]

/** Nanoseconds for each unit, once. */
function sampleNs(run: () => number): number {
  const start = performance.now()
  let units = 0
  let elapsedMs = 0
  while (elapsedMs < sampleMs) {
    for (let repeat = 0; repeat < 16; repeat += 1) units += run()
    elapsedMs = performance.now() - start
  }
  return (elapsedMs * 1e6) / units
}

const { values } = parseArgs({
  options: { save: { type: 'string' }, against: { type: 'string' } },
})
const timings: Timing[] = []
for (const { name, unit, run } of cases) {
  for (let sample = 0; sample < warmUpSamples; sample += 1) sampleNs(run)
  const summary = summarise(Array.from({ length: samples }, () => sampleNs(run)))
  if (!summary) continue
  const { median, min, max } = summary
  timings.push({ name, medianNs: median, minNs: min })
  console.log(
    `${name.padEnd(42)} ${formatNumber(median)} ns a ${unit} (${formatNumber(min)}–${formatNumber(max)})`,
  )
}
if (values.against !== undefined) {
  const slower = compareWith(parseSaved(readFileSync(values.against, 'utf8')), timings)
  for (const line of slower) console.error(`codec: ${line}`)
  if (slower.length > 0) process.exitCode = 1
}
if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(timings, null, 1)}\n`)
// Read once, so that the work above has a reader.
if (Number.isNaN(sink)) console.log(sink)
