// From a new visitor's dial to the first bytes of the answer: one by one, and 16 at once: more than
// any pool of ready connections holds, few enough for a first window of TCP to carry the answers.
import { runLoad } from '../loads/run-load.ts'
import { percentile } from '../statistics.ts'
import { measured, type Metric } from './metric.ts'

const oneByOne = 30
const burst = 16
const bursts = 4
const warmUp = 3

export const firstByte: Metric = {
  id: 'first-byte',
  title: 'New connection to first byte',
  method: `our own load: ${oneByOne} visitors one by one, then ${bursts} times ${burst} at once; dial to answer`,
  visitors: 'tcp',
  readings: [
    { key: 'p50', label: 'one by one p50', unit: 'ms', better: 'less' },
    { key: 'max', label: 'one by one max', unit: 'ms', better: 'less' },
    { key: 'burstP50', label: `${burst} at once p50`, unit: 'ms', better: 'less' },
    { key: 'burstMax', label: `${burst} at once max`, unit: 'ms', better: 'less' },
  ],
  run: async (bench, { host, ports }) => {
    const visit = (count: number, atOnce: number) =>
      runLoad(
        bench,
        'new-visitors',
        { host, port: ports.http, warmUp, count, burst: atOnce },
        60_000,
      )
    const single = await visit(oneByOne, 1)
    const together = await visit(bursts * burst, burst)
    const values = {
      p50: percentile(single.samplesMs, 50),
      max: percentile(single.samplesMs, 100),
      burstP50: percentile(together.samplesMs, 50),
      burstMax: percentile(together.samplesMs, 100),
    }
    return measured(values, single, together)
  },
}
