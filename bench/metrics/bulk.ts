// Bulk through the tunnel by iperf3, from the visitor up and from the origin down, with the CPU that
// it costs both ends.
import { runIperf3 } from '../loads/iperf3.ts'
import { cpuReadings, cpuValues, startCpuCount } from './cpu.ts'
import type { Metric } from './metric.ts'

/** Over a WAN a window grows for seconds; on loopback one second warms everything. */
const warmUpSeconds = 1
const wanOmitSeconds = 3

export function createBulk(streams: number): Metric {
  const named = streams === 1 ? 'one stream' : `${streams} streams`
  return {
    id: streams === 1 ? 'bulk' : `bulk-${streams}`,
    title: `Bulk, ${named}`,
    method: `iperf3 -P ${streams}, up and down (-R), after a warm-up; CPU from /proc/PID/stat`,
    visitors: 'tcp',
    readings: [
      { key: 'up', label: 'up', unit: 'Gbit/s', better: 'more' },
      { key: 'down', label: 'down', unit: 'Gbit/s', better: 'more' },
      ...cpuReadings('upCpu', 'CPU up', 's/GB'),
      ...cpuReadings('downCpu', 'CPU down', 's/GB'),
    ],
    run: async (bench, tunnel) => {
      const isWan = bench.topology.wan !== undefined
      const omitSeconds = isWan ? wanOmitSeconds : 0
      const values: Record<string, number> = {}
      for (const direction of ['up', 'down'] as const) {
        const options = { direction, streams, omitSeconds, seconds: bench.seconds }
        if (!isWan) await runIperf3(bench, tunnel, { ...options, seconds: warmUpSeconds })
        const spent = startCpuCount(tunnel)
        const { bitsPerSecond, bytes } = await runIperf3(bench, tunnel, options)
        values[direction] = bitsPerSecond / 1e9
        // What was omitted cost CPU as well, but its bytes are not reported.
        const cpu = cpuValues(`${direction}Cpu`, tunnel, spent(), bytes / 1e9)
        if (!isWan) Object.assign(values, cpu)
      }
      return { values, failed: 0, reasons: [] }
    },
  }
}
