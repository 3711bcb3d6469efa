// The sessions of one agent (`--connections`) seen as one: it serves while any of them does, and ends
// as soon as one of them is refused. Holds no timer and no socket of its own.
import { SallyportError } from '@sallyport/protocol'
import type { Connector, ConnectorState } from './connector.ts'

export interface ConnectorSetEvents {
  /** The first session serves: visitors can come. */
  serving(): void
  /** No session serves any more. */
  lost(error: SallyportError): void
  /** A session is not there; its next dial begins in `delayMs`. */
  waiting(index: number, delayMs: number, error: SallyportError): void
  /** All have ended: `reason` unless it was asked for and every visitor had finished. */
  stopped(reason: SallyportError | undefined): void
}

export class ConnectorSet {
  readonly #events: ConnectorSetEvents
  readonly #connectors: readonly Connector[]
  readonly #states: ConnectorState[]
  #reason: SallyportError | undefined
  #isEnding = false
  #hasEnded = false

  constructor(
    count: number,
    create: (index: number, onState: (state: ConnectorState) => void) => Connector,
    events: ConnectorSetEvents,
  ) {
    this.#events = events
    this.#connectors = Array.from({ length: count }, (_, index) =>
      create(index, (state) => this.#onState(index, state)),
    )
    this.#states = this.#connectors.map(({ state }) => state)
  }

  get isServing(): boolean {
    return this.#states.some(({ name }) => name === 'serving')
  }

  /** Starts the first. A first hello takes routes over from another process, so only one of ours
   * may say it: the others start once the routes are held. */
  start(): void {
    this.#connectors[0]?.start()
  }

  drain(): void {
    this.#isEnding = true
    for (const connector of this.#connectors) connector.drain()
  }

  /** The routes are others now. */
  register(): void {
    for (const connector of this.#connectors) connector.register()
  }

  stop(): void {
    this.#isEnding = true
    for (const connector of this.#connectors) connector.stop()
  }

  #onState(index: number, state: ConnectorState): void {
    const wasServing = this.isServing
    this.#states[index] = state
    const { name, error, delayMs = 0 } = state
    if (!wasServing && this.isServing) this.#events.serving()
    if (wasServing && !this.isServing && error) this.#events.lost(error)
    if (name === 'waiting' && error) this.#events.waiting(index, delayMs, error)
    if (name === 'serving') for (const connector of this.#connectors) connector.start()
    if (name === 'stopped') this.#onStopped(error)
  }

  #onStopped(error: SallyportError | undefined): void {
    this.#reason ??= error
    // What is refused to one session is refused to the agent.
    if (!this.#isEnding) this.stop()
    if (this.#hasEnded || this.#states.some(({ name }) => name !== 'stopped')) return
    this.#hasEnded = true
    this.#events.stopped(this.#reason)
  }
}
