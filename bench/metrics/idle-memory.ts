// Resident memory that an idle visitor costs each end, over TCP.
import { setTimeout as sleep } from 'node:timers/promises'
import { holdVisitors, runLoad } from '../loads/run-load.ts'
import { residentBytes } from '../proc.ts'
import { measured, needsTunnel, type Metric } from './metric.ts'

const visitors = 2_000

/**
 * Visitors who came and went, and some who stay, before those that are counted: what a program keeps
 * from its first ones, or has free from its start, is not an idle one's.
 */
const warmUpVisitors = 200
const firstVisitors = 500

/** Collectors and allocators get this long to calm down. */
const settleMs = 1_500

export const idleMemory: Metric = {
  id: 'idle-memory',
  title: 'Idle visitor over TCP',
  method: `growth of resident memory by ${visitors} visitors who asked once and stay, each, beside ${firstVisitors} who were there before`,
  visitors: 'tcp',
  readings: [
    { key: 'relay', label: 'relay', unit: 'KiB', better: 'less' },
    { key: 'agent', label: 'agent', unit: 'KiB', better: 'less' },
    { key: 'relayBase', label: 'relay with none', unit: 'MiB', better: 'less' },
    { key: 'agentBase', label: 'agent with none', unit: 'MiB', better: 'less' },
  ],
  exclude: needsTunnel,
  run: async (bench, tunnel) => {
    const target = { host: tunnel.host, port: tunnel.ports.http }
    const warmUp = { ...target, warmUp: 0, count: warmUpVisitors, burst: 16 }
    await runLoad(bench, 'new-visitors', warmUp, 30_000)
    await sleep(settleMs)
    const relayBase = residentBytes(tunnel.relayPids())
    const agentBase = residentBytes(tunnel.agentPids())
    const hold = (count: number) =>
      holdVisitors(bench, 'idle-visitors', { ...target, count }, 60_000)
    await using first = await hold(firstVisitors)
    await sleep(settleMs)
    const relayBefore = residentBytes(tunnel.relayPids())
    const agentBefore = residentBytes(tunnel.agentPids())
    await using held = await hold(visitors)
    await sleep(settleMs)
    const relayAfter = residentBytes(tunnel.relayPids())
    const agentAfter = residentBytes(tunnel.agentPids())
    const results = [await first.now(), await held.now()]
    const each = (bytes: number) => bytes / Math.max(1, held.opened.samplesMs.length) / 1024
    const values = {
      relay: each(relayAfter - relayBefore),
      agent: each(agentAfter - agentBefore),
      relayBase: relayBase / 2 ** 20,
      agentBase: agentBase / 2 ** 20,
    }
    return measured(values, ...results)
  },
}
