// Runs iperf3 against a tunnel and reads its JSON.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import type { ProgramSpec } from '../processes.ts'
import type { Tunnel } from '../tunnel.ts'

export interface Iperf3Options {
  /** up = from the visitor to the origin. */
  readonly direction: 'up' | 'down'
  readonly seconds: number
  readonly streams: number
  /** Seconds at the start that do not count. */
  readonly omitSeconds: number
}

export interface Iperf3Result {
  readonly bitsPerSecond: number
  /** As the receiver counted them. */
  readonly bytes: number
}

export function iperf3Spec(bench: Bench, tunnel: Tunnel, options: Iperf3Options): ProgramSpec {
  const { direction, seconds, streams, omitSeconds } = options
  return {
    name: `iperf3 (${direction})`,
    argv: [
      [bench.tools.iperf3, '-J', '-c', tunnel.host, '-p', String(tunnel.ports.iperf3)],
      ['-t', String(seconds), '-P', String(streams), '-O', String(omitSeconds)],
      ...(direction === 'down' ? ['-R'] : []),
    ].flat(),
    place: bench.topology.relay,
  }
}

/** What an iperf3 server says while the end of the test before is still on its way to it. */
const busy = /server is busy/
const busyTimeoutMs = 15_000
const busyRetryMs = 500

export async function runIperf3(
  bench: Bench,
  tunnel: Tunnel,
  options: Iperf3Options,
): Promise<Iperf3Result> {
  const giveUpAt = performance.now() + busyTimeoutMs
  for (;;) {
    await tunnel.origins.iperf3Idle()
    const text = await runOnce(bench, iperf3Spec(bench, tunnel, options), options)
    if (!busy.test(text) || performance.now() > giveUpAt) return parseIperf3(text)
    await sleep(busyRetryMs)
  }
}

async function runOnce(bench: Bench, spec: ProgramSpec, options: Iperf3Options): Promise<string> {
  const running = bench.processes.start(spec)
  try {
    // A tunnel that hangs must not hold the run: iperf3 itself waits for ever.
    await running.ended((options.seconds + options.omitSeconds + 15) * 1000)
    if (running.stdout === '') throw running.failure('printed nothing')
    return running.stdout
  } finally {
    await bench.processes.stop(running)
  }
}

/** Parses `iperf3 -J`. Throws with iperf3's own words when the test failed. */
export function parseIperf3(text: string): Iperf3Result {
  const report: unknown = JSON.parse(text)
  const error = at(report, 'error')
  if (typeof error === 'string') throw new Error(error)
  const received = at(at(report, 'end'), 'sum_received')
  const bitsPerSecond = at(received, 'bits_per_second')
  const bytes = at(received, 'bytes')
  if (typeof bitsPerSecond !== 'number' || typeof bytes !== 'number') {
    throw new Error('iperf3 printed no sum_received')
  }
  return { bitsPerSecond, bytes }
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined
}
