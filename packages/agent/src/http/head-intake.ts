// Reads the heads of one visitor's requests, one after another, in bounded time: the parser is lent from a
// head's first byte until the head has been dealt with.
import type { Clock, Timer } from '@sallyport/mux'
import type { HeadParser } from './head-parser.ts'
import { borrowHeadParser, returnHeadParser } from './head-parser-pool.ts'
import { headTimeoutMs } from './limits.ts'

export class HeadIntake {
  readonly #clock: Clock
  readonly #onTimeout: () => void
  #parser: HeadParser | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, onTimeout: () => void) {
    this.#clock = clock
    this.#onTimeout = onTimeout
  }

  /** True when a part of a head came. */
  get isCut(): boolean {
    return this.#parser?.isCut ?? false
  }

  /** The parser of the head that push() completed, until release(). */
  get head(): HeadParser | undefined {
    return this.#parser
  }

  /**
   * Returns the offset behind the head, or -1 when the chunk does not end it.
   * @throws {SallyportError} what the parser throws.
   */
  push(chunk: Buffer): number {
    const parser = (this.#parser ??= borrowHeadParser('request'))
    const next = parser.push(chunk, 0, chunk.length)
    if (next >= 0) this.#clearTimer()
    else if (parser.isCut) this.#timer ??= this.#clock.setTimeout(this.#onTimeout, headTimeoutMs)
    return next
  }

  /** Forgets the head. */
  release(): void {
    this.#clearTimer()
    if (this.#parser) returnHeadParser(this.#parser)
    this.#parser = undefined
  }

  #clearTimer(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
