// When a visitor without a request is let go: after a long silence, or in a drain. One that has asked for
// nothing yet when the drain begins gets a moment more, as its first request may be on its way.
import type { Clock, Timer } from '@sallyport/mux'
import { firstRequestMs, idleVisitorMs } from './limits.ts'
import { SilenceTimer } from './silence-timer.ts'

export interface IdleVisitorOptions {
  readonly clock: Clock
  /** True when no request is there, nor a part of one. */
  readonly isIdle: () => boolean
  /** Called while idle, once. */
  readonly onIdle: () => void
}

export class IdleVisitor {
  readonly #options: IdleVisitorOptions
  readonly #silence: SilenceTimer
  #draining: Timer | undefined
  #hasAsked = false
  #isOver = false

  constructor(options: IdleVisitorOptions) {
    this.#options = options
    this.#silence = new SilenceTimer({
      clock: options.clock,
      silenceMs: idleVisitorMs,
      isExcused: () => !options.isIdle(),
      onSilence: () => this.#end(),
    })
    this.#silence.start()
  }

  /** A request is over. */
  touch(): void {
    this.#hasAsked = true
    this.#silence.touch()
  }

  drain(): void {
    if (this.#isOver || this.#draining || !this.#options.isIdle()) return
    if (this.#hasAsked) this.#end()
    else {
      this.#draining = this.#options.clock.setTimeout(() => {
        if (this.#options.isIdle()) this.#end()
      }, firstRequestMs)
    }
  }

  stop(): void {
    this.#isOver = true
    this.#silence.stop()
    if (this.#draining) this.#options.clock.clearTimeout(this.#draining)
  }

  #end(): void {
    if (this.#isOver) return
    this.stop()
    this.#options.onIdle()
  }
}
