// What a run leaves behind: the JSON that the table and the chart are made of.
import type { Disturbance } from './disturbance.ts'
import type { Machine } from './machine.ts'
import type { Measurement, Reading } from './metrics/metric.ts'
import type { Protection } from './peers/peer.ts'
import type { WanProfile } from './topology.ts'

interface At {
  readonly round: number
  readonly metric: string
  readonly peer: string
}

/**
 * One measurement, or why there is none: a failure is a result and is never left out. `repeats` counts
 * those before it that others on the machine disturbed.
 */
export type Outcome =
  | (At & Measurement & Disturbance & { readonly kind: 'measured'; readonly repeats: number })
  | (At & { readonly kind: 'failed'; readonly failure: string })

export interface BenchResult {
  readonly v: 1
  readonly startedAt: string
  /** False when the run was interrupted. */
  isComplete: boolean
  minutes: number
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  readonly wan: WanProfile | undefined
  readonly peers: readonly {
    readonly id: string
    readonly label: string
    readonly protection: Protection
    readonly version: string
  }[]
  /** Peers that were asked for and are not on this machine. */
  readonly absent: readonly {
    readonly id: string
    readonly label: string
    readonly missing: readonly string[]
  }[]
  readonly metrics: readonly {
    readonly id: string
    readonly title: string
    readonly method: string
    readonly readings: readonly Reading[]
  }[]
  /** What was not measured by its nature: "does not reconnect by itself". */
  readonly excluded: readonly {
    readonly metric: string
    readonly peer: string
    readonly why: string
  }[]
  readonly outcomes: Outcome[]
}
