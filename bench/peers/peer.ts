// What a tunnel program must tell so that it can be measured: which programs it needs, how its
// relay and its agents are started, and what it cannot do.
import type { Bench } from '../bench.ts'
import type { Ports } from '../origins/origins.ts'
import type { ProgramSpec } from '../processes.ts'

/** How the bytes travel between relay and agent: only equals are equals. */
export type Protection = 'encrypted' | 'plain' | 'no tunnel'

export interface PlanOptions {
  /** What the agents dial, on their own loopback. */
  readonly origins: Ports
  /** What visitors shall reach on the relay's host. */
  readonly visitors: Ports
  /** Where agents shall reach the relay. */
  readonly door: number
  /** A directory for configuration and keys. */
  readonly directory: string
}

export interface Plan {
  /** Where the relay listens for agents when it is not the `door` that was asked for. */
  readonly door?: number
  readonly relay: ProgramSpec
  /** More than one where a program forwards one port only. */
  readonly agents: readonly ProgramSpec[]
  /** A line that an agent prints when visitors can come; without one a visit tells. */
  readonly readyLine?: RegExp
}

export interface Peer {
  /** As `--peers` names it. */
  readonly id: string
  readonly label: string
  readonly protection: Protection
  /** Looked up on PATH and in SALLYPORT_PEERS; one missing = the peer is absent. */
  readonly programs: readonly string[]
  /** Prints the version; run in the root of the workspace. */
  readonly version?: readonly string[]
  /** True when the agent comes back by itself after its relay was killed. */
  readonly reconnects: boolean
  /** Writes what the programs need and says how they are started; undefined for the reference line. */
  readonly plan: ((bench: Bench, options: PlanOptions) => Promise<Plan>) | undefined
  /** The same for visitors who speak TLS to the relay, where it terminates TLS on its `door`. */
  readonly planTls?: (bench: Bench, options: PlanOptions) => Promise<Plan>
}

/** The path of a program that `isPresent` has found. */
export function program(bench: Bench, name: string): string {
  const path = bench.findProgram(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}
