// One small request at a time over one connection that stays.
import { runLoad } from '../loads/run-load.ts'
import { percentile } from '../statistics.ts'
import { measured, type Metric } from './metric.ts'

/** Until the just-in-time compilers of ours and of the load have seen the path. */
const warmUp = 1_000

/** The slowest peer here (delayed acknowledgements, 42 ms) still ends in good time. */
const requestsPerSecond = 1_000

export const singleRequest: Metric = {
  id: 'single-request',
  title: 'One request at a time',
  method: `our own load on one connection, ${requestsPerSecond} requests per second of --seconds after ${warmUp} for warmth`,
  visitors: 'tcp',
  readings: [
    { key: 'p50', label: 'p50', unit: 'ms', better: 'less' },
    { key: 'p99', label: 'p99', unit: 'ms', better: 'less' },
    { key: 'max', label: 'max', unit: 'ms', better: 'less' },
  ],
  run: async (bench, { host, ports }) => {
    const count = bench.seconds * requestsPerSecond
    const args = { host, port: ports.http, warmUp, count, intervalMs: 0 }
    const load = await runLoad(bench, 'requests', args, 120_000)
    const of = (percent: number) => percentile(load.samplesMs, percent)
    return measured({ p50: of(50), p99: of(99), max: of(100) }, load)
  },
}
