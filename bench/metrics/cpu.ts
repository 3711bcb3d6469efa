// CPU seconds that the two ends of a tunnel spend while something else is measured: user and system
// time of all threads, per GB (10^9 bytes) or per request. Kernel work done in interrupts of others
// is not in it.
import { cpuSeconds } from '../proc.ts'
import type { Tunnel } from '../tunnel.ts'
import type { Reading } from './metric.ts'

export interface CpuSpent {
  readonly relay: number
  readonly agent: number
}

/** Begins to count; the function that it gives ends it, in seconds. */
export function startCpuCount(tunnel: Tunnel): () => CpuSpent {
  const relayBefore = cpuSeconds(tunnel.relayPids())
  const agentBefore = cpuSeconds(tunnel.agentPids())
  return () => ({
    relay: cpuSeconds(tunnel.relayPids()) - relayBefore,
    agent: cpuSeconds(tunnel.agentPids()) - agentBefore,
  })
}

/** The three readings of a count: both ends and their sum; `key` goes in front of each. */
export function cpuReadings(key: string, label: string, unit: string): Reading[] {
  const reading = (side: string, name: string): Reading => ({
    key: `${key}${side}`,
    label: `${label}, ${name}`,
    unit,
    better: 'less',
  })
  return [reading('Relay', 'relay'), reading('Agent', 'agent'), reading('Both', 'both ends')]
}

/** Their values: `spent` divided by `amount`; none where there is no tunnel. */
export function cpuValues(
  key: string,
  tunnel: Tunnel,
  { relay, agent }: CpuSpent,
  amount: number,
): Record<string, number> {
  if (tunnel.relayPids().length === 0) return {}
  return {
    [`${key}Relay`]: relay / amount,
    [`${key}Agent`]: agent / amount,
    [`${key}Both`]: (relay + agent) / amount,
  }
}
