// Notices when nothing has happened for a time. One timer that looks back, not one per byte.
import type { Clock, Timer } from '@sallyport/mux'

export interface SilenceTimerOptions {
  readonly clock: Clock
  /** Undefined: any silence will do. */
  readonly silenceMs: number | undefined
  /** Asked when the time is over: true starts it anew (somebody else keeps the ends waiting). */
  readonly isExcused: () => boolean
  readonly onSilence: () => void
}

export class SilenceTimer {
  readonly #options: SilenceTimerOptions
  #timer: Timer | undefined
  #lastMs = 0

  constructor(options: SilenceTimerOptions) {
    this.#options = options
  }

  start(): void {
    const { silenceMs } = this.#options
    this.touch()
    if (silenceMs !== undefined) this.#timer ??= this.#arm(silenceMs)
  }

  /** Something happened. */
  touch(): void {
    const { clock, silenceMs } = this.#options
    if (silenceMs !== undefined) this.#lastMs = clock.now()
  }

  stop(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): Timer {
    return this.#options.clock.setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    const { clock, silenceMs = 0, isExcused, onSilence } = this.#options
    this.#timer = undefined
    if (isExcused()) this.touch()
    const leftMs = this.#lastMs + silenceMs - clock.now()
    if (leftMs > 0) this.#timer = this.#arm(leftMs)
    else onSilence()
  }
}
