// Dials the origin for one visitor. `localhost` means 127.0.0.1 and ::1: the first to answer wins
// and the other is destroyed. A refusal by every address is final at once; silence is asked again
// until the caller cancels (its channel timeout). It sends nothing and reads nothing.
import type { NetConnectOpts, Socket } from 'node:net'
import type { Clock, Timer } from '@sallyport/mux'
import {
  SallyportError,
  type Target,
  formatTarget,
  isLoopback,
  originDialTimeoutMs,
} from '@sallyport/protocol'
import { busyOriginRetryMs, localhostHeadStartMs } from './limits.ts'

/** What mux's `dialSocket` returns; all that is needed of it here is its socket. */
interface Dialled {
  readonly socket: Socket
}

export interface OriginDialOptions<End extends Dialled> {
  readonly clock: Clock
  readonly dialSocket: (options: NetConnectOpts) => End
}

export interface OriginDialEvents<End extends Dialled> {
  /** The origin accepted. The socket is the receiver's from here on, which must set it up at once. */
  connected(end: End): void
  /** Every address refused. */
  failed(error: SallyportError): void
}

export interface OriginDial {
  /** Gives up: no socket, no timer and no callback remains. */
  cancel(): void
}

/** One address of a target; `name` is for messages. */
interface Address {
  readonly name: string
  readonly dial: NetConnectOpts
}

/** Starts dialling; calls back once, never before it returns, and not at all after `cancel()`. */
export function dialOrigin<End extends Dialled>(
  target: Target,
  options: OriginDialOptions<End>,
  events: OriginDialEvents<End>,
): OriginDial {
  return new Dialling(target, options, events)
}

/** Errors that say "nobody took the connection yet" rather than "no". EAGAIN: a unix socket whose
 * backlog is full (connect(2)), where TCP would let the SYN wait. */
const unanswered: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EAGAIN'])

class Dialling<End extends Dialled> implements OriginDial {
  readonly #target: Target
  readonly #options: OriginDialOptions<End>
  readonly #events: OriginDialEvents<End>
  readonly #running = new Set<End>()
  #waiting: Address[] = []
  #refusals: string[] = []
  #isUnanswered = false
  #timer: Timer | undefined
  #headStart: Timer | undefined

  constructor(target: Target, options: OriginDialOptions<End>, events: OriginDialEvents<End>) {
    this.#target = target
    this.#options = options
    this.#events = events
    this.#try()
  }

  cancel(): void {
    const { clock } = this.#options
    if (this.#timer) clock.clearTimeout(this.#timer)
    if (this.#headStart) clock.clearTimeout(this.#headStart)
    this.#timer = this.#headStart = undefined
    this.#waiting = []
    for (const end of this.#running) end.socket.destroy()
    this.#running.clear()
  }

  #try(): void {
    this.#refusals = []
    this.#isUnanswered = false
    this.#waiting = addressesOf(this.#target)
    this.#timer = this.#options.clock.setTimeout(() => {
      this.cancel()
      this.#try()
    }, originDialTimeoutMs)
    this.#dialNext()
  }

  /** Dials the next address, and the one after it when this one takes longer than its head start. */
  #dialNext(): void {
    const { clock, dialSocket } = this.#options
    if (this.#headStart) clock.clearTimeout(this.#headStart)
    this.#headStart = undefined
    const next = this.#waiting.shift()
    if (!next) return
    if (this.#waiting.length > 0) {
      this.#headStart = clock.setTimeout(() => this.#dialNext(), localhostHeadStartMs)
    }
    const end = dialSocket(next.dial)
    this.#running.add(end)
    end.socket.once('connect', () => {
      if (!this.#running.delete(end)) return
      this.cancel()
      this.#events.connected(end)
    })
    end.socket.once('error', (error: NodeJS.ErrnoException) => {
      if (this.#running.delete(end)) this.#refused(next, error)
    })
  }

  #refused(address: Address, error: NodeJS.ErrnoException): void {
    const code = error.code ?? error.message
    if (unanswered.has(code)) this.#isUnanswered = true
    else this.#refusals.push(`${address.name}${code}`)
    if (this.#waiting.length > 0) this.#dialNext()
    if (this.#running.size > 0 || this.#waiting.length > 0) return

    this.cancel()
    if (this.#isUnanswered) {
      this.#timer = this.#options.clock.setTimeout(() => this.#try(), busyOriginRetryMs)
      return
    }
    const origin = formatTarget(this.#target)
    const message = `origin ${origin} refused the connection (${this.#refusals.join(', ')})`
    this.#events.failed(new SallyportError('SP_ORIGIN_REFUSED', message, { cause: error }))
  }
}

/** What to dial for a target, in order. */
function addressesOf(target: Target): Address[] {
  if (target.kind === 'unix') return [{ name: '', dial: { path: target.path } }]
  const { port } = target
  const hosts = target.host === 'localhost' ? ['127.0.0.1', '::1'] : [target.host]
  // A program of this machine does not go without the kernel saying so.
  return hosts.map((host) => ({
    name: `${host}: `,
    dial: { host, port, keepAlive: !isLoopback(host) },
  }))
}
