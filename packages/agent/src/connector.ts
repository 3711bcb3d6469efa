// Keeps one link to the relay up. A state machine: the table below says which event leads where,
// and each state owns one timer, cleared when it is left. It knows neither sockets nor messages
// (relay-link.ts does), and asks of an error only whether to retry.
import type { Clock, Timer } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { Backoff } from './backoff.ts'
import { stableMs } from './limits.ts'

/**
 * `connecting`: TCP, TLS and the upgrade are under way. `opening`: hello and register are sent.
 * `serving`: the relay has registered the routes. `waiting`: for the next dial.
 * `draining`: no new visitors, the running ones finish. `stopped`: for good.
 */
export type StateName =
  | 'idle'
  | 'connecting'
  | 'opening'
  | 'serving'
  | 'waiting'
  | 'draining'
  | 'stopped'

export type ConnectorEvent =
  | 'start' // once, by the owner
  | 'connected' // the relay accepted the upgrade
  | 'registered' // the relay granted the routes
  | 'failed' // the link is gone; trying again may help
  | 'refused' // the link is gone; trying again is pointless
  | 'timeout' // the state's own timer
  | 'drain' // the owner wants to end gracefully
  | 'drained' // the last visitor is gone
  | 'stop' // the owner wants to end now

/** state × event → state. What is not listed is ignored: it comes from a link already given up. */
export const transitions = {
  idle: { start: 'connecting', drain: 'stopped', stop: 'stopped' },
  connecting: {
    connected: 'opening',
    failed: 'waiting',
    refused: 'stopped',
    timeout: 'waiting',
    drain: 'stopped',
    stop: 'stopped',
  },
  opening: {
    registered: 'serving',
    failed: 'waiting',
    refused: 'stopped',
    timeout: 'waiting',
    drain: 'stopped',
    stop: 'stopped',
  },
  serving: { failed: 'waiting', refused: 'stopped', drain: 'draining', stop: 'stopped' },
  waiting: { timeout: 'connecting', drain: 'stopped', stop: 'stopped' },
  draining: {
    drained: 'stopped',
    failed: 'stopped',
    refused: 'stopped',
    timeout: 'stopped',
    stop: 'stopped',
  },
  stopped: {},
} as const satisfies Record<StateName, Partial<Record<ConnectorEvent, StateName>>>

/** What a link tells its connector; nothing comes after `lost`, nor after `close()`. */
export interface LinkEvents {
  connected(): void
  registered(): void
  lost(error: SallyportError): void
}

/** One try to reach the relay and, when it works, the session that comes of it. */
export interface Link {
  /** Tells the relay to send no more visitors, and calls back when the last one is gone. */
  drain(drained: () => void): void
  /** Asks for the routes again: they are others now. No effect before the session stands. */
  register(): void
  /** Gives everything up at once: no socket, no timer and no callback remains. */
  close(): void
}

export interface ConnectorState {
  readonly name: StateName
  /** Why: the failure that led to `waiting` or `stopped`; absent when the owner ended it. */
  readonly error?: SallyportError
  /** `waiting`: until the next dial. */
  readonly delayMs?: number
}

export interface ConnectorOptions {
  readonly clock: Clock
  readonly backoff: Backoff
  /** False: the first failure is the last (`--no-retry`). */
  readonly retry: boolean
  readonly drainGraceMs: number
  /** Must not call back before it returns. */
  readonly startLink: (events: LinkEvents) => Link
  /** Told of every new state. */
  readonly onState: (state: ConnectorState) => void
}

export class Connector {
  readonly #options: ConnectorOptions
  #state: ConnectorState = { name: 'idle' }
  #timer: Timer | undefined
  #link: Link | undefined

  constructor(options: ConnectorOptions) {
    this.#options = options
  }

  get state(): ConnectorState {
    return this.#state
  }

  start(): void {
    this.#handle('start')
  }

  /** Ends when the running visitors have finished, or the grace is over. */
  drain(): void {
    this.#handle('drain')
  }

  /** The routes are others now. */
  register(): void {
    if (this.#state.name === 'opening' || this.#state.name === 'serving') this.#link?.register()
  }

  /** Ends now. */
  stop(): void {
    this.#handle('stop')
  }

  #handle(event: ConnectorEvent, error?: SallyportError): void {
    const next: StateName | undefined = (
      transitions[this.#state.name] as Partial<Record<ConnectorEvent, StateName>>
    )[event]
    if (next !== undefined) this.#become(next, error)
  }

  #become(name: StateName, error: SallyportError | undefined): void {
    const { clock, onState } = this.#options
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#state = { name, ...(error && { error }), ...this.#enter(name) }
    onState(this.#state)
  }

  /** What a state does and which timer it owns. */
  #enter(name: StateName): Pick<ConnectorState, 'delayMs'> {
    const { backoff, drainGraceMs } = this.#options
    switch (name) {
      case 'idle':
        break
      case 'connecting':
        backoff.begin()
        this.#dial()
        this.#giveUpAfter(backoff.dialTimeoutMs(), 'did not answer')
        break
      case 'opening':
        this.#giveUpAfter(backoff.dialTimeoutMs(), 'did not answer the registration')
        break
      case 'serving':
        this.#after(stableMs, () => backoff.reset())
        break
      case 'waiting': {
        this.#dropLink()
        backoff.begin()
        const delayMs = backoff.nextDelayMs()
        this.#after(delayMs, () => this.#handle('timeout'))
        return { delayMs }
      }
      case 'draining':
        this.#after(drainGraceMs, () => this.#handle('timeout', drainCut(drainGraceMs)))
        this.#link?.drain(() => this.#handle('drained'))
        break
      case 'stopped':
        this.#dropLink()
        break
    }
    return {}
  }

  #dial(): void {
    const link: Link = this.#options.startLink({
      connected: () => this.#fromLink(link, 'connected'),
      registered: () => this.#fromLink(link, 'registered'),
      lost: (error) => this.#lost(link, error),
    })
    this.#link = link
  }

  /** Events of a link that has been given up are not ours any more. */
  #fromLink(link: Link, event: ConnectorEvent, error?: SallyportError): void {
    if (link === this.#link) this.#handle(event, error)
  }

  #lost(link: Link, error: SallyportError): void {
    if (error.retry && this.#options.retry) this.#fromLink(link, 'failed', error)
    else this.#fromLink(link, 'refused', error.retry ? lastTry(error) : error)
  }

  #giveUpAfter(timeoutMs: number, what: string): void {
    this.#after(timeoutMs, () => {
      const error = new SallyportError(
        'SP_UNREACHABLE',
        `the relay ${what} within ${timeoutMs / 1000} s`,
      )
      if (this.#options.retry) this.#handle('timeout', error)
      else this.#handle('refused', error)
    })
  }

  #after(delayMs: number, run: () => void): void {
    this.#timer = this.#options.clock.setTimeout(run, delayMs)
  }

  #dropLink(): void {
    this.#link?.close()
    this.#link = undefined
  }
}

/** Without retries every failure that a retry might have cured is an unreachable relay. */
function lastTry(error: SallyportError): SallyportError {
  if (error.code === 'SP_UNREACHABLE') return error
  return new SallyportError('SP_UNREACHABLE', error.message, { cause: error })
}

function drainCut(graceMs: number): SallyportError {
  return new SallyportError(
    'SP_ABORTED',
    `visitors were still being served after ${graceMs / 1000} s of draining: they were cut off`,
  )
}
