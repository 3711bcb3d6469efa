// One authenticated session of an agent: the mux on its WebSocket, and its control stream. Takes hello
// first, then register; what they mean for the routes is registrar.ts's.
import type { TLSSocket } from 'node:tls'
import {
  type Clock,
  type MemoryBudget,
  type MuxStream,
  Session,
  type StreamReceiver,
  createWebSocketTransport,
} from '@sallyport/mux'
import {
  type AgentMessage,
  type ErrorCode,
  type HealthMessage,
  type HelloMessage,
  type RegisterMessage,
  SallyportError,
  closeCodeOf,
} from '@sallyport/protocol'
import type { WebSocket } from 'ws'
import type { Agent } from './agent-keys.ts'
import { type ControlChannel, createControlChannel } from './control-channel.ts'
import type { Registration } from './registrar.ts'

export interface AgentSessionOptions {
  readonly clock: Clock
  readonly budget: MemoryBudget
  readonly agent: Agent
  readonly ws: WebSocket
  readonly socket: TLSSocket
  /** From the upgrade until the first register. */
  readonly registerTimeoutMs: number
  onHello(session: AgentSession): void
  /** @throws {SallyportError} which closes the session. */
  onRegister(session: AgentSession, message: RegisterMessage): Promise<void>
  /** The agent is about to end: no new visitors for it. */
  onDraining(session: AgentSession): void
  /** The origin of one of its routes answers, or no longer. */
  onHealth(session: AgentSession, message: HealthMessage): void
  /** Exactly once. */
  onClosed(session: AgentSession, error: SallyportError): void
}

export class AgentSession {
  /** Replaced when its permissions change. */
  agent: Agent
  /** IP address of the other end. */
  readonly from: string
  readonly #options: AgentSessionOptions
  readonly #session: Session
  readonly #registerTimer: ReturnType<Clock['setTimeout']>
  #control: ControlChannel | undefined
  #hello: HelloMessage | undefined
  #isRegistered = false

  constructor(options: AgentSessionOptions) {
    const { clock, agent, ws, socket } = options
    this.agent = agent
    this.from = socket.remoteAddress ?? ''
    this.#options = options
    this.#registerTimer = clock.setTimeout(
      () => this.close(new SallyportError('SP_PROTOCOL', 'no register message in time')),
      options.registerTimeoutMs,
    )
    this.#session = new Session({
      transport: createWebSocketTransport(ws, socket, { masking: 'none' }),
      side: 'relay',
      clock,
      budget: options.budget,
      onStream: (stream) => this.#onStream(stream),
      onClose: (error) => {
        clock.clearTimeout(this.#registerTimer)
        options.onClosed(this, error)
      },
    })
  }

  /** What the agent said of itself. @throws {SallyportError} SP_PROTOCOL before its hello. */
  get hello(): HelloMessage {
    if (!this.#hello) throw new SallyportError('SP_PROTOCOL', 'the first message must be hello')
    return this.#hello
  }

  get hasSaidHello(): boolean {
    return this.#hello !== undefined
  }

  /** Its first register was granted: a later one changes its routes. */
  get isRegistered(): boolean {
    return this.#isRegistered
  }

  get isClosed(): boolean {
    return this.#session.isClosed
  }

  get rttMs(): number | undefined {
    return this.#session.rttMs
  }

  get streamCount(): number {
    return this.#session.streamCount
  }

  /** Opens a stream for a visitor; see Session.open. */
  open(firstBytes: Uint8Array, receiver: StreamReceiver): MuxStream {
    return this.#session.open(firstBytes, receiver)
  }

  /** Tells the agent what it was granted. */
  registered(registrations: readonly Registration[]): void {
    this.#options.clock.clearTimeout(this.#registerTimer)
    this.#isRegistered = true
    const routes = registrations.map(({ claim: { routeId, url }, grant: { generation } }) => ({
      id: routeId,
      url,
      generation,
    }))
    this.#control?.send({ type: 'registered', routes })
  }

  /** Tells the agent's user something; the session goes on. */
  notice(code: ErrorCode, message: string): void {
    this.#control?.send({ type: 'notice', code, message, fatal: false })
  }

  /** Takes no new visitors and tells the agent; streams go on. */
  drain(): void {
    this.#control?.send({ type: 'draining' })
    this.#session.goAway()
  }

  /** Says why and closes; streams are reset. */
  close(error: SallyportError): void {
    if (this.isClosed) return
    const { code, message } = error
    this.#control?.send({ type: 'notice', code, message, fatal: true })
    this.#session.close(closeCodeOf(code), code, error)
  }

  #onStream(stream: MuxStream): void {
    if (this.#control) {
      stream.reset()
      this.close(new SallyportError('SP_PROTOCOL', 'an agent opens its control stream only'))
      return
    }
    this.#control = createControlChannel({
      stream,
      onMessage: (message) => this.#onMessage(message),
      onFailure: (error) => this.close(error),
    })
  }

  async #onMessage(message: AgentMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        if (this.#hello) throw new SallyportError('SP_PROTOCOL', 'a second hello')
        this.#hello = message
        this.#options.onHello(this)
        return
      case 'register':
        await this.#options.onRegister(this, message)
        return
      case 'health':
        this.#options.onHealth(this, message)
        return
      case 'draining':
        this.#options.onDraining(this)
        return
    }
  }
}

/** Visitors whom an agent's key serves, over all its sessions. */
export function visitorsOf(keyId: string, sessions: Iterable<AgentSession>): number {
  let visitors = 0
  for (const { agent, streamCount } of sessions) {
    // One stream of each is its control stream.
    if (agent.keyId === keyId) visitors += Math.max(0, streamCount - 1)
  }
  return visitors
}
