// 10,000 idle visitors whose TLS ends at the relay: memory and CPU of both ends.
import { setTimeout as sleep } from 'node:timers/promises'
import { holdVisitors, type HeldVisitors } from '../loads/run-load.ts'
import { cpuSeconds, residentBytes } from '../proc.ts'
import { measured, type Metric } from './metric.ts'

const visitors = 10_000

/** Programs that hold them, and source addresses of each: neither descriptors nor ports run out. */
const holders = 2
const sourcesPerHolder = 2

/** What V8 and malloc keep from the handshakes is freed a while after them. */
const settleMs = 5_000
const idleMs = 10_000

export const idleTls: Metric = {
  id: 'idle-tls',
  title: `${visitors.toLocaleString('en')} idle visitors over TLS`,
  method: 'after their handshakes, from four loopback addresses; CPU over 10 s of silence',
  visitors: 'tls',
  readings: [
    { key: 'relay', label: 'relay, resident', unit: 'MiB', better: 'less' },
    { key: 'agent', label: 'agent, resident', unit: 'MiB', better: 'less' },
    { key: 'relayEach', label: 'relay growth each', unit: 'KiB', better: 'less' },
    { key: 'agentEach', label: 'agent growth each', unit: 'KiB', better: 'less' },
    { key: 'relayCpu', label: 'relay CPU', unit: '% of a core', better: 'less' },
    { key: 'handshakes', label: 'handshakes while they came', unit: '/s', better: 'more' },
  ],
  exclude: (peer) => (peer.planTls ? undefined : 'does not terminate TLS for visitors'),
  run: async (bench, tunnel) => {
    const relayBefore = residentBytes(tunnel.relayPids())
    const agentBefore = residentBytes(tunnel.agentPids())
    await using stack = new AsyncDisposableStack()
    const start = performance.now()
    const open = async (index: number): Promise<HeldVisitors> => {
      const args = {
        host: tunnel.host,
        port: tunnel.door,
        count: visitors / holders,
        firstSource: 1 + index * sourcesPerHolder,
        sources: sourcesPerHolder,
      }
      return stack.use(await holdVisitors(bench, 'idle-tls-visitors', args, 180_000))
    }
    const held = await Promise.all(Array.from({ length: holders }, (_, index) => open(index)))
    const openSeconds = (performance.now() - start) / 1000
    await sleep(settleMs)
    const cpuBefore = cpuSeconds(tunnel.relayPids())
    await sleep(idleMs)
    const relayCpu = ((cpuSeconds(tunnel.relayPids()) - cpuBefore) / (idleMs / 1000)) * 100
    const relayAfter = residentBytes(tunnel.relayPids())
    const agentAfter = residentBytes(tunnel.agentPids())
    const results = await Promise.all(held.map((visitorsHeld) => visitorsHeld.now()))
    const opened = results.reduce((sum, result) => sum + result.samplesMs.length, 0)
    const each = (bytes: number) => bytes / Math.max(1, opened) / 1024
    const values = {
      relay: relayAfter / 2 ** 20,
      agent: agentAfter / 2 ** 20,
      relayEach: each(relayAfter - relayBefore),
      agentEach: each(agentAfter - agentBefore),
      relayCpu,
      handshakes: opened / openSeconds,
    }
    return measured(values, ...results)
  },
}
