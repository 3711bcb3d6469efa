// Small requests over 50 connections that stay: how many a second, how late, at what CPU.
import { runWrk } from '../loads/wrk.ts'
import { cpuReadings, cpuValues, startCpuCount } from './cpu.ts'
import type { Metric } from './metric.ts'

const connections = 50

export const requestRate: Metric = {
  id: 'request-rate',
  title: 'Small requests, 50 connections',
  method: `wrk -t1 -c${connections} on nginx answering 200 bytes, after a warm-up run`,
  visitors: 'tcp',
  readings: [
    { key: 'rate', label: 'requests', unit: '/s', better: 'more' },
    { key: 'p50', label: 'p50', unit: 'ms', better: 'less' },
    { key: 'p90', label: 'p90', unit: 'ms', better: 'less' },
    { key: 'p99', label: 'p99', unit: 'ms', better: 'less' },
    { key: 'max', label: 'max', unit: 'ms', better: 'less' },
    ...cpuReadings('cpu', 'CPU per request', 'µs'),
  ],
  run: async (bench, tunnel) => {
    const options = { connections, reconnect: false }
    await runWrk(bench, tunnel, { ...options, seconds: Math.min(2, bench.seconds) })
    const spent = startCpuCount(tunnel)
    const result = await runWrk(bench, tunnel, { ...options, seconds: bench.seconds })
    const { requestsPerSecond, p50Ms, p90Ms, p99Ms, maxMs, failed, reasons } = result
    const cpu = cpuValues('cpu', tunnel, spent(), result.requests / 1e6)
    const values = {
      rate: requestsPerSecond,
      p50: p50Ms,
      p90: p90Ms,
      p99: p99Ms,
      max: maxMs,
      ...cpu,
    }
    return { values, failed, reasons }
  },
}
