// Visitors who end their side and then wait for the answer: a tunnel that takes one end for both loses it.
import { runLoad } from '../loads/run-load.ts'
import type { Metric } from './metric.ts'

const visitors = 20
const bytes = 1_000_000

export const halfClose: Metric = {
  id: 'half-close',
  title: 'Answers after a half-close',
  method: `${visitors} visitors send ${bytes / 1e6} MB, end, and then read the origin's count to the end`,
  visitors: 'tcp',
  readings: [{ key: 'whole', label: 'arrived whole', unit: '%', better: 'more' }],
  run: async (bench, { host, ports }) => {
    const args = { host, port: ports.late, count: visitors, bytes }
    const load = await runLoad(bench, 'half-closers', args, 150_000)
    // None at all is a finding here, not a failed measurement.
    const whole = (load.samplesMs.length / visitors) * 100
    return { values: { whole }, failed: load.failed, reasons: load.reasons }
  },
}
