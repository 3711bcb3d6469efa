// Finds a dead peer: a ping every interval, and any received byte is life (docs/protocol.md §10: 5 s + 5 s).
// Its pongs are samples of the round trip.
import { heartbeatIntervalMs, heartbeatTimeoutMs } from '@sallyport/protocol'
import type { Clock, Timer } from './clock.ts'

/**
 * Pings in a row at the start: the first meets two programs that have just begun, and takes 5 to 20 ms
 * where the path takes 0.2.
 */
const firstPings = 4

export interface KeepaliveOptions {
  readonly clock: Clock
  sendPing(value: number): void
  /** A round trip, in milliseconds. */
  onRoundTrip(sampleMs: number): void
  /** The peer is silent: called once, and the keepalive has stopped itself. */
  onDead(): void
}

export class Keepalive {
  readonly #options: KeepaliveOptions
  #timer: Timer | undefined
  #heard = false
  #value = 0
  #sentMs: number | undefined
  #pongs = 0

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
    this.#options.onRoundTrip(this.#options.clock.now() - this.#sentMs)
    this.#sentMs = undefined
    this.#pongs++
    if (this.#pongs < firstPings) this.#sendPing()
  }

  stop(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #ping(): void {
    const { clock } = this.#options
    this.#heard = false
    this.#sendPing()
    this.#timer = clock.setTimeout(() => this.#judge(), heartbeatTimeoutMs)
  }

  #sendPing(): void {
    this.#value = (this.#value + 1) & 0x7fff_ffff
    this.#sentMs = this.#options.clock.now()
    this.#options.sendPing(this.#value)
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
