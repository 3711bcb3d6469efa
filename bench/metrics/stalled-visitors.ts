// 200 visitors who stop reading a 100 MB download: what they cost in memory, and what they cost others.
import { setTimeout as sleep } from 'node:timers/promises'
import { runIperf3 } from '../loads/iperf3.ts'
import { holdVisitors } from '../loads/run-load.ts'
import { cpuSeconds, residentBytes } from '../proc.ts'
import type { Tunnel } from '../tunnel.ts'
import { measured, needsTunnel, type Metric } from './metric.ts'

const visitors = 200

/** Every buffer on the way has taken what it takes once both ends rest: below 10 % of a core. */
const restShare = 0.1
const lookIntervalMs = 1_000
const longestSettleMs = 20_000

export const stalledVisitors: Metric = {
  id: 'stalled-visitors',
  title: `${visitors} visitors stalled on a 100 MB download`,
  method: 'growth of resident memory after they stalled, and iperf3 -R beside them against before',
  visitors: 'tcp',
  readings: [
    { key: 'relay', label: 'relay growth', unit: 'MiB', better: 'less' },
    { key: 'agent', label: 'agent growth', unit: 'MiB', better: 'less' },
    { key: 'others', label: "others' bulk, of before", unit: '%', better: 'more' },
  ],
  exclude: needsTunnel,
  run: async (bench, tunnel) => {
    const bulk = { direction: 'down', streams: 1, omitSeconds: 0, seconds: bench.seconds } as const
    await runIperf3(bench, tunnel, { ...bulk, seconds: 1 })
    const before = await runIperf3(bench, tunnel, bulk)
    const relayBefore = residentBytes(tunnel.relayPids())
    const agentBefore = residentBytes(tunnel.agentPids())
    const args = { host: tunnel.host, port: tunnel.ports.http, count: visitors }
    await using held = await holdVisitors(bench, 'stalled-visitors', args, 60_000)
    await settle(tunnel)
    const beside = await runIperf3(bench, tunnel, bulk)
    const values = {
      relay: (residentBytes(tunnel.relayPids()) - relayBefore) / 2 ** 20,
      agent: (residentBytes(tunnel.agentPids()) - agentBefore) / 2 ** 20,
      others: (beside.bitsPerSecond / before.bitsPerSecond) * 100,
    }
    return measured(values, await held.now())
  },
}

async function settle(tunnel: Tunnel): Promise<void> {
  const spent = () => cpuSeconds([...tunnel.relayPids(), ...tunnel.agentPids()])
  const end = performance.now() + longestSettleMs
  let before = spent()
  while (performance.now() < end) {
    await sleep(lookIntervalMs)
    const now = spent()
    if ((now - before) / (lookIntervalMs / 1000) < restShare) return
    before = now
  }
}
