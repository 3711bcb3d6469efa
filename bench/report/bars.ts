// The bars that ours must clear: the budgets of the design, as data. A ratio is the
// median of the rounds' ratios within one run; a bar with no rival is in the unit of its reading.
import type { BenchResult } from '../result.ts'

export interface Bar {
  /** Who is judged: `ours` unless another of our settings is. */
  readonly subject?: string
  readonly metric: string
  readonly key: string
  /** The peer that ours is divided by. */
  readonly rival?: string
  readonly relation: 'at least' | 'at most'
  readonly bound: number
  /** What comes after the bar is cleared. */
  readonly next?: number
  /** Judged by the worst round and not by the median. */
  readonly worst?: boolean
}

const rathole = { rival: 'rathole-plain', relation: 'at least', bound: 1 } as const
const aes = { rival: 'openssh-aes128', relation: 'at least', bound: 1 } as const
const cheaper = { rival: 'openssh-aes128', relation: 'at most', bound: 1, next: 0.8 } as const

const loopbackBars: readonly Bar[] = [
  { metric: 'bulk', key: 'up', ...aes, next: 1.25 },
  { metric: 'bulk', key: 'down', ...aes, next: 1.25 },
  { metric: 'bulk', key: 'up', ...rathole, next: 1.25 },
  { metric: 'bulk', key: 'down', ...rathole, next: 1.25 },
  { metric: 'bulk', key: 'upCpuBoth', ...cheaper },
  { metric: 'bulk', key: 'downCpuBoth', ...cheaper },
  { metric: 'request-rate', key: 'rate', ...rathole, next: 1.4 },
  { metric: 'request-rate', key: 'p99', rival: 'rathole-plain', relation: 'at most', bound: 1 },
  { metric: 'new-connections', key: 'rate', ...rathole, next: 1.3 },
  { metric: 'single-request', key: 'p50', rival: 'rathole-tls', relation: 'at most', bound: 1.2 },
  { metric: 'single-request', key: 'p99', relation: 'at most', bound: 1, next: 0.4 },
  { metric: 'beside-bulk', key: 'p50', rival: 'openssh-aes128', relation: 'at most', bound: 1.5 },
  { metric: 'beside-bulk', key: 'p99', rival: 'openssh-aes128', relation: 'at most', bound: 1 },
  { metric: 'idle-memory', key: 'relay', relation: 'at most', bound: 12 },
  { metric: 'idle-memory', key: 'agent', relation: 'at most', bound: 12 },
  { metric: 'stalled-visitors', key: 'relay', relation: 'at most', bound: 98 },
  { metric: 'stalled-visitors', key: 'agent', relation: 'at most', bound: 98 },
  { metric: 'stalled-visitors', key: 'others', relation: 'at least', bound: 90 },
  { metric: 'half-close', key: 'whole', relation: 'at least', bound: 100, worst: true },
  { metric: 'idle-tls', key: 'relay', relation: 'at most', bound: 640 },
  // 45 KB = 43.9 KiB, 25 KB = 24.4 KiB.
  { metric: 'idle-tls', key: 'relayEach', relation: 'at most', bound: 43.9, next: 24.4 },
  { metric: 'idle-tls', key: 'relayCpu', relation: 'at most', bound: 5 },
  { metric: 'reconnect', key: 'served', relation: 'at most', bound: 1, next: 0.2, worst: true },
]

function wanBars(result: BenchResult, rttMs: number): Bar[] {
  const peers = result.peers.filter(
    ({ id, protection }) => isPeer(id) && protection !== 'no tunnel',
  )
  const rows = ['up', 'down'].flatMap((key): Bar[] => [
    ...peers.map(({ id }): Bar => ({
      metric: 'bulk',
      key,
      rival: id,
      relation: 'at least',
      bound: 1,
    })),
    { metric: 'bulk', key, rival: 'direct', relation: 'at least', bound: 0.8 },
    { subject: 'ours-4', metric: 'bulk-8', key, rival: 'ours', relation: 'at least', bound: 2 },
  ])
  const latest = { metric: 'first-byte', relation: 'at most', bound: 1.1 * rttMs } as const
  return [
    ...rows,
    { ...latest, key: 'p50' },
    { ...latest, key: 'max', worst: true },
    { ...latest, key: 'burstMax', worst: true },
  ]
}

function isPeer(id: string): boolean {
  return id !== 'ours' && id !== 'ours-4'
}

/** The bars of the metrics that the run measured. */
export function barsFor(result: BenchResult): Bar[] {
  const bars = result.wan ? wanBars(result, result.wan.rttMs) : loopbackBars
  return bars.filter(({ metric }) => result.metrics.some(({ id }) => id === metric))
}
