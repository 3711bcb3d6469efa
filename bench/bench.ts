// What every part of a run is given: where to start programs, which ports, which directories.
import type { FindProgram } from './find-program.ts'
import type { TakePorts } from './ports.ts'
import type { Processes } from './processes.ts'
import type { Topology } from './topology.ts'

/** The load generators and the origin's program: without one of them there is no run. */
export interface Tools {
  readonly iperf3: string
  readonly nginx: string
  readonly wrk: string
}

export interface Bench {
  readonly processes: Processes
  readonly topology: Topology
  readonly takePorts: TakePorts
  readonly findProgram: FindProgram
  readonly tools: Tools
  /** This program's own, the parent of all that it starts. */
  readonly pid: number
  /** The Node that runs our own loads. */
  readonly node: string
  /** The root of the workspace, for the programs of ours. */
  readonly root: string
  readonly isRoot: boolean
  /** How long each timed load runs. */
  readonly seconds: number
  /** A new directory, 0700, which is removed with the run. */
  makeDirectory(name: string): Promise<string>
  /** The path of a program of this directory: `loads/requests.ts`. */
  script(path: string): string
}
