// How the descriptors that the system gives are shared out: who is in stays, agents can always come,
// and visitors get the rest. Every caller of the relay costs one.
import { readFile, readdir } from 'node:fs/promises'
import {
  agentDescriptorShare,
  maxUndecided,
  ownDescriptors,
  undecidedDescriptorShare,
  usualDescriptorLimit,
} from './limits.ts'
import type { GateLimits } from './gate.ts'

export interface Descriptors {
  /** What the process may have open. */
  readonly limit: number
  /** What it has open before it serves anybody, and what it may need for itself. */
  readonly own: number
}

/** Reads Linux's /proc; elsewhere a usual limit is assumed. Never rejects. */
export async function readDescriptors(leasedPorts: number): Promise<Descriptors> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const used = await readdir('/proc/self/fd').catch(() => [])
  const limit = Number(/^Max open files +(\d+)/m.exec(text)?.[1] ?? usualDescriptorLimit)
  // Ports that may be leased cost a listener each; where they are most of the limit, they are not all.
  const listeners = Math.min(leasedPorts, Math.floor(limit / 8))
  return { limit, own: used.length + ownDescriptors + listeners }
}

/** The caps that keep all of them together below the limit. */
export function shareDescriptors({
  limit,
  own,
}: Descriptors): Pick<GateLimits, 'undecided' | 'visitors' | 'agents'> {
  const free = Math.max(3, limit - own)
  const undecided = Math.max(1, Math.min(maxUndecided, Math.floor(free * undecidedDescriptorShare)))
  const agents = Math.max(1, Math.floor(free * agentDescriptorShare))
  return { undecided, agents, visitors: Math.max(1, free - undecided - agents) }
}
