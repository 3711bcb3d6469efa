// An agent over a stand-in relay, with a memory of its events: `await using rig = startAgent(relay)`.
import assert from 'node:assert/strict'
import {
  Agent,
  type AgentEvent,
  type AgentEventName,
  type AgentSettings,
  type AgentWorld,
} from '@sallyport/agent'
import { type SallyportError, parseRouteUrl } from '@sallyport/protocol'
import { Changes } from './changes.ts'
import { deadline } from './deadline.ts'
import type { StandInRelay } from './stand-in-relay.ts'

export interface AgentRigOptions {
  readonly settings?: Partial<AgentSettings>
  readonly world?: Partial<AgentWorld>
  readonly urls?: readonly string[]
  readonly port?: number
}

/** Starts an agent of that relay; it reconnects without waiting. */
export function startAgent(relay: StandInRelay, options: AgentRigOptions = {}): AgentRig {
  return new AgentRig(relay, options)
}

export class AgentRig implements AsyncDisposable {
  readonly agent: Agent
  readonly events: AgentEvent[] = []
  readonly #relay: StandInRelay
  readonly #changes = new Changes()

  constructor(relay: StandInRelay, options: AgentRigOptions) {
    const { urls = ['tls://r0.test'], port = 3000 } = options
    this.#relay = relay
    this.agent = new Agent(
      {
        join: relay.join,
        routes: urls.map((url) => ({
          url: parseRouteUrl(url, 'url'),
          origin: { kind: 'tcp', host: '127.0.0.1', port },
        })),
        channelTimeoutSeconds: 7,
        connections: 1,
        retry: true,
        software: 'test/1',
        ...options.settings,
      },
      { random: () => 0, findListener: () => Promise.resolve(true), ...options.world },
    )
    this.agent.onAny((event) => {
      this.events.push(event)
      this.#changes.tell()
    })
    this.agent.start()
  }

  names(): AgentEventName[] {
    return this.events.map(({ event }) => event)
  }

  /** The nth event of that name; waits for it. */
  async event<Name extends AgentEventName>(
    name: Name,
    nth = 0,
  ): Promise<Extract<AgentEvent, { event: Name }>> {
    const isIt = (one: AgentEvent): one is Extract<AgentEvent, { event: Name }> =>
      one.event === name
    const found = () => this.events.filter(isIt)
    await this.#changes.until(
      `event ${name} ${nth}`,
      () => found().length > nth,
      () => this.names().join(),
    )
    return found()[nth] ?? assert.fail('no event')
  }

  async stopped(): Promise<SallyportError | undefined> {
    return await deadline(this.agent.stopped, 10_000, 'end of the agent')
  }

  /** Ends the agent at once; fails when it leaves a socket at the relay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await deadline(this.agent.destroy(), 10_000, 'end of the agent')
    await this.#relay.allEnded()
  }
}
