// Runs wrk against a tunnel's HTTP origin and reads what it prints.
import type { Bench } from '../bench.ts'
import type { Tunnel } from '../tunnel.ts'

export interface WrkOptions {
  readonly connections: number
  readonly seconds: number
  /** True: a new connection for every request. */
  readonly reconnect: boolean
}

export interface WrkResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Socket errors, timeouts and answers other than 2xx or 3xx. */
  readonly failed: number
  readonly reasons: readonly string[]
}

export async function runWrk(
  bench: Bench,
  tunnel: Tunnel,
  { connections, seconds, reconnect }: WrkOptions,
): Promise<WrkResult> {
  const spec = {
    name: 'wrk',
    argv: [
      [bench.tools.wrk, '-t1', `-c${connections}`, `-d${seconds}s`, '--latency'],
      ...(reconnect ? ['-H', 'Connection: close'] : []),
      `http://${tunnel.host}:${tunnel.ports.http}/`,
    ].flat(),
    place: bench.topology.relay,
  }
  return parseWrk(await bench.processes.run(spec, (seconds + 15) * 1000))
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3.6e6 }

/** Parses "396.00us", "1.20ms", "2.01s". */
function parseTimeMs(text: string | undefined): number {
  const [, number, unit] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text ?? '') ?? []
  return Number(number) * (unitMs[unit ?? ''] ?? Number.NaN)
}

/** Parses the output of `wrk --latency`. Throws when a figure is missing. */
export function parseWrk(text: string): WrkResult {
  const find = (pattern: RegExp) => pattern.exec(text)
  const percentileMs = (percent: number) =>
    parseTimeMs(find(new RegExp(`^\\s+${percent}%\\s+(\\S+)$`, 'm'))?.[1])
  const socketErrors = find(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/)
  const wrongAnswers = Number(find(/Non-2xx or 3xx responses: (\d+)/)?.[1] ?? 0)
  const [connect = 0, read = 0, write = 0, timeout = 0] = (socketErrors ?? []).slice(1).map(Number)
  const counts = { connect, read, write, timeout, 'not 2xx': wrongAnswers }
  const result = {
    requests: Number(find(/^\s+(\d+) requests in /m)?.[1]),
    requestsPerSecond: Number(find(/^Requests\/sec:\s+([\d.]+)$/m)?.[1]),
    p50Ms: percentileMs(50),
    p90Ms: percentileMs(90),
    p99Ms: percentileMs(99),
    maxMs: parseTimeMs(find(/^\s+Latency\s+\S+\s+\S+\s+(\S+)\s/m)?.[1]),
  }
  if (Object.values(result).some(Number.isNaN)) {
    throw new Error(`wrk printed no complete result: ${text.trim().slice(0, 300)}`)
  }
  return {
    ...result,
    failed: Object.values(counts).reduce((sum, count) => sum + count, 0),
    reasons: Object.entries(counts).flatMap(([name, count]) =>
      count > 0 ? [`wrk ${name}: ${count}`] : [],
    ),
  }
}
