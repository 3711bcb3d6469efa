// One tunnel of one peer, started afresh: relay, then agents, until a visitor gets an answer.
import type { Bench } from './bench.ts'
import { waitUntilServed } from './loads/run-load.ts'
import { takePorts, type Origins, type Ports } from './origins/origins.ts'
import type { Peer, Plan } from './peers/peer.ts'
import type { Running } from './processes.ts'

export interface Tunnel extends AsyncDisposable {
  readonly origins: Origins
  /** Where visitors go. */
  readonly host: string
  readonly ports: Ports
  /** Where the relay takes agents, and visitors who speak TLS to it. */
  readonly door: number
  /** The programs by role, as pids; empty where there is no tunnel. */
  relayPids(): number[]
  agentPids(): number[]
  /** Ends the relay as a power cut would. */
  killRelay(): Promise<void>
  /** Starts it again; resolves when it takes agents. */
  restartRelay(): Promise<void>
}

/** From the agent's start to the first answer. */
const serveTimeoutMs = 15_000

export async function startTunnel(bench: Bench, peer: Peer, origins: Origins): Promise<Tunnel> {
  if (!peer.plan) return createDirect(bench, origins)
  const [visitors, door] = await choosePorts(bench)
  const directory = await bench.makeDirectory(peer.id)
  const plan = await peer.plan(bench, { origins: origins.ports, visitors, door, directory })
  const tunnel = await startPlan(bench, origins, plan, visitors, door)
  try {
    await waitUntilServed(bench, tunnel, serveTimeoutMs)
  } catch (error) {
    await tunnel[Symbol.asyncDispose]()
    throw tunnel.explain(error)
  }
  return tunnel
}

/** The same for visitors who speak TLS to the relay; ready when the agent says so. */
export async function startTlsTunnel(bench: Bench, peer: Peer, origins: Origins): Promise<Tunnel> {
  if (!peer.planTls) throw new Error(`${peer.label} does not terminate TLS`)
  const [visitors, door] = await choosePorts(bench)
  const directory = await bench.makeDirectory(peer.id)
  const plan = await peer.planTls(bench, { origins: origins.ports, visitors, door, directory })
  return startPlan(bench, origins, plan, visitors, door)
}

async function choosePorts(bench: Bench): Promise<readonly [Ports, number]> {
  const visitors = await takePorts(bench)
  const [door = 0] = await bench.takePorts(1)
  return [visitors, door]
}

class PlannedTunnel implements Tunnel {
  readonly origins: Origins
  readonly host: string
  readonly ports: Ports
  readonly door: number
  readonly #bench: Bench
  readonly #plan: Plan
  #relay: Running
  readonly #agents: Running[] = []

  constructor(bench: Bench, origins: Origins, plan: Plan, ports: Ports, door: number) {
    this.origins = origins
    this.host = bench.topology.relayHost
    this.ports = ports
    this.door = plan.door ?? door
    this.#bench = bench
    this.#plan = plan
    this.#relay = bench.processes.start(plan.relay)
  }

  async start(): Promise<void> {
    await this.#relay.listening(this.door)
    for (const spec of this.#plan.agents) this.#agents.push(this.#bench.processes.start(spec))
    const line = this.#plan.readyLine
    if (!line) return
    for (const agent of this.#agents) {
      await agent.until('ready', serveTimeoutMs, () => line.test(agent.stdout))
    }
  }

  relayPids(): number[] {
    return [this.#relay.pid]
  }

  agentPids(): number[] {
    return this.#agents.map((agent) => agent.pid)
  }

  async killRelay(): Promise<void> {
    await this.#bench.processes.stop(this.#relay)
  }

  async restartRelay(): Promise<void> {
    this.#relay = this.#bench.processes.start(this.#plan.relay)
    await this.#relay.listening(this.door)
  }

  /** The error with the last words of the tunnel's own programs. */
  explain(error: unknown): Error {
    const message = error instanceof Error ? error.message : String(error)
    const words = [this.#relay, ...this.#agents].map((running) => running.failure('said').message)
    return new Error([message, ...words].join('; '), { cause: error })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#agents, this.#relay]
    await Promise.all(all.map((running) => this.#bench.processes.stop(running)))
  }
}

async function startPlan(
  bench: Bench,
  origins: Origins,
  plan: Plan,
  ports: Ports,
  door: number,
): Promise<PlannedTunnel> {
  const tunnel = new PlannedTunnel(bench, origins, plan, ports, door)
  try {
    await tunnel.start()
  } catch (error) {
    await tunnel[Symbol.asyncDispose]()
    throw error
  }
  return tunnel
}

function createDirect(bench: Bench, origins: Origins): Tunnel {
  const unsupported = () => Promise.reject(new Error('there is no relay'))
  return {
    origins,
    host: bench.topology.originHost,
    ports: origins.ports,
    door: 0,
    relayPids: () => [],
    agentPids: () => [],
    killRelay: unsupported,
    restartRelay: unsupported,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
