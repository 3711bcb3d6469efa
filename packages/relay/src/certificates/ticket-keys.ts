// Session tickets (RFC 5077, RFC 8446 §4.6.1) are sealed with a key that changes: who steals one reads
// the sessions of TLS 1.2 of some hours, not of the relay's whole life. A ticket of an old key costs a
// full handshake.
import type { Clock, Timer } from '@sallyport/mux'
import { ticketKeyLifeMs } from '../limits.ts'

/** What Node takes: 16 bytes each of name, HMAC key and AES key. */
const ticketKeyBytes = 48

/** The part of tls.Server that is used. */
export interface TicketServer {
  setTicketKeys(keys: Buffer): unknown
}

export interface TicketKeysOptions {
  readonly clock: Clock
  readonly randomBytes: (count: number) => Buffer
  readonly servers: readonly TicketServer[]
}

export class TicketKeys implements Disposable {
  readonly #options: TicketKeysOptions
  #keys: Buffer
  #timer: Timer | undefined

  /** The first key at once, and another one every 12 hours. */
  constructor(options: TicketKeysOptions) {
    this.#options = options
    this.#keys = options.randomBytes(ticketKeyBytes)
    this.#rotate(this.#keys)
  }

  /** The servers have another certificate, and with it forgot the key. */
  apply(): void {
    for (const server of this.#options.servers) server.setTicketKeys(this.#keys)
  }

  #rotate(keys: Buffer): void {
    const { clock, randomBytes } = this.#options
    this.#keys = keys
    this.apply()
    this.#timer = clock.setTimeout(() => this.#rotate(randomBytes(ticketKeyBytes)), ticketKeyLifeMs)
  }

  [Symbol.dispose](): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
  }
}
