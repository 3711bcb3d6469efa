// What a metric is: its readings with their units, to whom it applies, and one measurement of it on
// a tunnel that was just started.
import type { Bench } from '../bench.ts'
import type { LoadResult } from '../loads/load-result.ts'
import type { Peer } from '../peers/peer.ts'
import type { Tunnel } from '../tunnel.ts'

export interface Reading {
  readonly key: string
  readonly label: string
  readonly unit: string
  readonly better: 'more' | 'less'
}

export interface Measurement {
  /** By the key of the reading; a key that is absent was not measured. */
  readonly values: Readonly<Record<string, number>>
  /** Requests or visitors that failed while the rest was measured. */
  readonly failed: number
  readonly reasons: readonly string[]
}

export interface Metric {
  readonly id: string
  readonly title: string
  /** How it is measured, in one sentence. */
  readonly method: string
  readonly readings: readonly Reading[]
  /** Which tunnel is started for it. */
  readonly visitors: 'tcp' | 'tls'
  /** Undefined when it applies; otherwise why this peer is not measured. */
  exclude?(peer: Peer): string | undefined
  run(bench: Bench, tunnel: Tunnel): Promise<Measurement>
}

/** A measurement of samples of ours: throws when nothing at all succeeded. */
export function measured(
  values: Readonly<Record<string, number>>,
  ...loads: readonly LoadResult[]
): Measurement {
  const failed = loads.reduce((sum, load) => sum + load.failed, 0)
  const reasons = [...new Set(loads.flatMap((load) => load.reasons))]
  const empty = loads.some((load) => load.samplesMs.length === 0)
  if (empty) throw new Error(`nothing succeeded, ${failed} failed: ${reasons.join(', ')}`)
  return { values, failed, reasons }
}

/** For metrics that look at the programs of a tunnel. */
export function needsTunnel(peer: Peer): string | undefined {
  return peer.plan ? undefined : 'no tunnel'
}
