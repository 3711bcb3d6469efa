// Turns what happens inside the relay into its events.
import type { Clock } from '@sallyport/mux'
import { type SallyportError, type SocketAddressPair, formatHostPort } from '@sallyport/protocol'
import type { AgentSession } from './agent-session.ts'
import type { Claim, Lease } from './lease.ts'
import type { Registration } from './registrar.ts'
import type { RelayEvent } from './relay-event.ts'
import type { VisitReport, VisitorFacts } from './visitor.ts'

type RouteState = Extract<RelayEvent, { event: 'route' }>['state']

export class Reporter {
  readonly #clock: Clock
  readonly #onEvent: (event: RelayEvent) => void
  readonly #agentName: (keyId: string) => string

  /** `agentName` tells what people call a key. */
  constructor(
    clock: Clock,
    onEvent: (event: RelayEvent) => void,
    agentName: (keyId: string) => string,
  ) {
    this.#clock = clock
    this.#onEvent = onEvent
    this.#agentName = agentName
  }

  joined(session: AgentSession): void {
    const { software } = session.hello
    this.#onEvent({ event: 'agent-joined', ...identify(session), software, from: session.from })
  }

  left(session: AgentSession, { code, message: reason }: SallyportError): void {
    if (session.hasSaidHello) {
      this.#onEvent({ event: 'agent-left', ...identify(session), code, reason })
    }
  }

  agentRefused(from: string): void {
    this.#onEvent({ event: 'agent-refused', from })
  }

  deployRefused(from: string): void {
    this.#onEvent({ event: 'deploy-refused', from })
  }

  registerRefused({ agent }: AgentSession, { code, message: reason }: SallyportError): void {
    const { name, keyId: key } = agent
    this.#onEvent({ event: 'register-refused', agent: name, key, code, reason })
  }

  registered({ claim, grant: { verdict, generation } }: Registration): void {
    const states = {
      new: 'granted',
      join: 'served',
      replace: 'served',
      takeOver: 'taken-over',
    } as const
    this.#route(states[verdict], claim, generation)
  }

  away({ claim, generation }: Lease<AgentSession>): void {
    this.#route('away', claim, generation)
  }

  released({ claim, generation }: Lease<AgentSession>): void {
    this.#route('released', claim, generation)
  }

  health({ claim: { url } }: Lease<AgentSession>, { agent }: AgentSession, alive: boolean): void {
    this.#onEvent({ event: 'health', url, agent: agent.name, alive })
  }

  visit({ url, visitor, acceptedMs }: VisitorFacts, report: VisitReport): void {
    const { agent, error, bytesIn, bytesOut, endedBy } = report
    this.#onEvent({
      event: 'visit',
      route: url,
      ...(agent !== undefined && { agent }),
      visitor: formatHostPort(visitor.address, visitor.port),
      bytesIn,
      bytesOut,
      endedBy,
      ms: Math.round(this.#clock.now() - acceptedMs),
      ...(error && { reason: error.message }),
    })
  }

  visitorDenied(route: string, { address, port }: SocketAddressPair): void {
    this.#onEvent({ event: 'visitor-denied', route, visitor: formatHostPort(address, port) })
  }

  #route(state: RouteState, { url, keyId }: Claim, generation: number): void {
    this.#onEvent({ event: 'route', url, agent: this.#agentName(keyId), generation, state })
  }
}

function identify({ agent: { name, keyId }, hello }: AgentSession): {
  readonly agent: string
  readonly key: string
  readonly connection: number
} {
  return { agent: name, key: keyId, connection: hello.connection }
}
