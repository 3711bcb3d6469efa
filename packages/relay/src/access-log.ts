// One line of JSON for every visit that is over, in a file: who came, where to, how much, how long, and
// who ended it. Opened anew when asked, for logrotate. A disk that is full or slow costs lines, never
// visits.
import { type WriteStream, createWriteStream } from 'node:fs'
import type { RelayEvent } from './relay-event.ts'
import { maxAccessLogBytes } from './limits.ts'

export interface AccessLogOptions {
  readonly path: string
  /** Milliseconds since 1970. */
  now(): number
  onFailure(message: string): void
}

export class AccessLog implements AsyncDisposable {
  readonly #options: AccessLogOptions
  #stream: WriteStream
  #lost = 0

  constructor(options: AccessLogOptions) {
    this.#options = options
    this.#stream = this.#open()
  }

  write(event: RelayEvent): void {
    if (event.event !== 'visit' && event.event !== 'visitor-denied') return
    // Nobody reads it fast enough: said in the next line that fits.
    if (this.#stream.writableLength > maxAccessLogBytes || this.#stream.destroyed) {
      this.#lost += 1
      return
    }
    const time = new Date(this.#options.now()).toISOString()
    const lost = this.#lost === 0 ? {} : { linesLost: this.#lost }
    this.#lost = 0
    this.#stream.write(`${JSON.stringify({ v: 1, time, ...event, ...lost })}\n`)
  }

  /** The file was moved away: what follows goes to a new one of its name. */
  reopen(): void {
    this.#stream.end()
    this.#stream = this.#open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stream.once('close', resolve)
    this.#stream.end()
    if (!this.#stream.closed) await promise
  }

  #open(): WriteStream {
    const { path, onFailure } = this.#options
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
    stream.on('error', ({ message }) => onFailure(`the access log is not written: ${message}`))
    return stream
  }
}
