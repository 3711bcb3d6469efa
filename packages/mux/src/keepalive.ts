// Finds a dead peer: a ping every interval, and any received byte is life (docs/protocol.md §10: 5 s + 5 s).
// Also the session's RTT, the smallest of the last minute, because a queueing delay is no path.
import { heartbeatIntervalMs, heartbeatTimeoutMs } from '@sallyport/protocol'
import type { Clock, Timer } from './clock.ts'

/** A minute of pings: a path may change, and its RTT with it. */
const rttSamples = 12

export interface KeepaliveOptions {
  readonly clock: Clock
  sendPing(value: number): void
  /** The peer is silent: called once, and the keepalive has stopped itself. */
  onDead(): void
}

export class Keepalive {
  readonly #options: KeepaliveOptions
  readonly #rtts: number[] = []
  #timer: Timer | undefined
  #heard = false
  #value = 0
  #sentMs: number | undefined
  /** Smallest round trip of the last minute, in milliseconds; undefined before the first pong. */
  rttMs: number | undefined

  constructor(options: KeepaliveOptions) {
    this.#options = options
  }

  /** Sends the first ping at once: flow control wants an RTT. */
  start(): void {
    this.#ping()
  }

  /** Any bytes arrived. On the way of every byte, so it only sets a flag. */
  heard(): void {
    this.#heard = true
  }

  /** A pong arrived; one for another ping than the last is somebody else's. */
  pong(value: number): void {
    if (value !== this.#value || this.#sentMs === undefined) return
    this.#rtts.push(this.#options.clock.now() - this.#sentMs)
    this.#sentMs = undefined
    if (this.#rtts.length > rttSamples) this.#rtts.shift()
    this.rttMs = Math.min(...this.#rtts)
  }

  stop(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #ping(): void {
    const { clock } = this.#options
    this.#heard = false
    this.#value = (this.#value + 1) & 0x7fff_ffff
    this.#sentMs = clock.now()
    this.#options.sendPing(this.#value)
    this.#timer = clock.setTimeout(() => this.#judge(), heartbeatTimeoutMs)
  }

  /** The ping's time is over: silence since then is death; else rest until the next one is due. */
  #judge(): void {
    if (!this.#heard) {
      this.stop()
      this.#options.onDead()
      return
    }
    const restMs = heartbeatIntervalMs - heartbeatTimeoutMs
    if (restMs <= 0) this.#ping()
    else this.#timer = this.#options.clock.setTimeout(() => this.#ping(), restMs)
  }
}
