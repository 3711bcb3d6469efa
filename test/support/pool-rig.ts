// A relay and agents as processes, which serve one tcp route as a pool; every agent with a key and an
// origin of its own. The origin answers with its name and a body of known length, in two writes.
import type { Socket } from 'node:net'
import { type Origin, startOrigin } from './origin.ts'
import { runProgram } from './run-program.ts'
import { TestAgent, type TestRelay, runAgent, startTestRelay } from './tunnel.ts'

export const bodyBytes = 2_000

/** What an origin answers: a request that got less was truncated. */
export function answerOf(name: string): string {
  return `${name}:${'x'.repeat(bodyBytes)}`
}

export class PoolRig implements AsyncDisposable {
  readonly relay: TestRelay
  #port = 0

  constructor(relay: TestRelay) {
    this.relay = relay
  }

  /** The pool's public port, once an agent has it. */
  get port(): number {
    return this.#port
  }

  /** The join string of a new agent key, which may claim everything. */
  async addKey(name: string): Promise<string> {
    await using add = runProgram('relay', [
      'agents',
      'add',
      name,
      '--allow',
      '*',
      '--dir',
      this.relay.directory.path,
    ])
    await add.expectExit(0)
    return add.stdout.text.trim().replace(/:\d+\?/, `:${this.relay.port}?`)
  }

  /** Starts an agent process of that key, in the pool, before that origin. */
  async start(join: string, origin: Origin, ...flags: readonly string[]): Promise<TestAgent> {
    const args = [String(origin.port), '--url', `tcp://:${this.#port}`, '--pool', 'blue', ...flags]
    const program = runAgent(join, args)
    // It starts beside a load that takes all of the machine.
    const { url } = await program.event('ready', 30_000)
    const agent = new TestAgent(program, [new URL(String(url))])
    this.#port = agent.port
    return agent
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.relay[Symbol.asyncDispose]()
  }
}

export async function startPoolRig(): Promise<PoolRig> {
  return new PoolRig(await startTestRelay())
}

/** An origin that answers a line after `delayMs`, half of it first. */
export function startNamedOrigin(name: string, delayMs = 0, port = 0): Promise<Origin> {
  return startOrigin((socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const answer = answerOf(name)
      socket.write(answer.slice(0, answer.length / 2))
      setTimeout(() => socket.end(answer.slice(answer.length / 2)), delayMs)
    })
  }, port)
}
