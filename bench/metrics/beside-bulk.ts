// A small request every few milliseconds beside one bulk stream that goes the same way as the answers.
import { parseIperf3, iperf3Spec } from '../loads/iperf3.ts'
import { finishLoad, startLoad } from '../loads/run-load.ts'
import { percentile } from '../statistics.ts'
import { measured, type Metric } from './metric.ts'

const intervalMs = 5

/** Time for the bulk stream to get up to speed, and for the requests to warm up beside it. */
const warmUpMs = 1_000

export const besideBulk: Metric = {
  id: 'beside-bulk',
  title: 'Small request beside one bulk stream',
  method: `a request every ${intervalMs} ms on one connection beside iperf3 -R`,
  visitors: 'tcp',
  readings: [
    { key: 'p50', label: 'p50', unit: 'ms', better: 'less' },
    { key: 'p99', label: 'p99', unit: 'ms', better: 'less' },
    { key: 'max', label: 'max', unit: 'ms', better: 'less' },
    { key: 'bulk', label: 'bulk meanwhile', unit: 'Gbit/s', better: 'more' },
  ],
  run: async (bench, tunnel) => {
    const seconds = bench.seconds + warmUpMs / 1000 + 1
    const options = { direction: 'down', seconds, streams: 1, omitSeconds: 0 } as const
    const bulk = bench.processes.start(iperf3Spec(bench, tunnel, options))
    try {
      const load = startLoad(bench, 'requests', {
        host: tunnel.host,
        port: tunnel.ports.http,
        warmUp: warmUpMs / intervalMs,
        count: (bench.seconds * 1000) / intervalMs,
        intervalMs,
      })
      const result = await finishLoad(bench, load, 60_000 + seconds * 10_000)
      await bulk.ended((seconds + 15) * 1000)
      const { bitsPerSecond } = parseIperf3(bulk.stdout)
      const of = (percent: number) => percentile(result.samplesMs, percent)
      const values = { p50: of(50), p99: of(99), max: of(100), bulk: bitsPerSecond / 1e9 }
      return measured(values, result)
    } finally {
      await bench.processes.stop(bulk)
    }
  },
}
