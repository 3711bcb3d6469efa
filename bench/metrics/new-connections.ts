// A new connection for every request, 16 at a time.
import { runWrk } from '../loads/wrk.ts'
import { cpuReadings, cpuValues, startCpuCount } from './cpu.ts'
import type { Metric } from './metric.ts'

const connections = 16

export const newConnections: Metric = {
  id: 'new-connections',
  title: 'New connections, 16 at a time',
  method: `wrk -t1 -c${connections} with "Connection: close", after a warm-up run; latency without the dial`,
  visitors: 'tcp',
  readings: [
    { key: 'rate', label: 'connections', unit: '/s', better: 'more' },
    { key: 'p99', label: 'request p99', unit: 'ms', better: 'less' },
    ...cpuReadings('cpu', 'CPU per connection', 'µs'),
  ],
  run: async (bench, tunnel) => {
    const options = { connections, reconnect: true }
    await runWrk(bench, tunnel, { ...options, seconds: 1 })
    const spent = startCpuCount(tunnel)
    const result = await runWrk(bench, tunnel, { ...options, seconds: bench.seconds })
    const cpu = cpuValues('cpu', tunnel, spent(), result.requests / 1e6)
    const values = { rate: result.requestsPerSecond, p99: result.p99Ms, ...cpu }
    return { values, failed: result.failed, reasons: result.reasons }
  },
}
