// The two ends of a WebSocket (or whatever follows a 101): each may end by itself (docs/protocol.md §8), and one that
// has ended is waited for only so long. Bytes pass elsewhere.
import type { Clock } from '@sallyport/mux'
import { SilenceTimer } from './silence-timer.ts'

export interface WebSocketEndsOptions {
  readonly clock: Clock
  readonly halfClosedIdleMs: number
  /** Both have ended. */
  readonly onOver: () => void
  /** One has ended, and the other is silent. */
  readonly onSilence: () => void
}

export class WebSocketEnds {
  readonly #options: WebSocketEndsOptions
  readonly #silence: SilenceTimer
  readonly #ended = new Set<'visitor' | 'origin'>()

  constructor(options: WebSocketEndsOptions) {
    const { clock, halfClosedIdleMs, onSilence } = options
    this.#options = options
    this.#silence = new SilenceTimer({
      clock,
      silenceMs: halfClosedIdleMs,
      isExcused: () => false,
      onSilence,
    })
  }

  ended(side: 'visitor' | 'origin'): void {
    this.#ended.add(side)
    if (this.#ended.size === 1) {
      this.#silence.start()
      return
    }
    this.stop()
    this.#options.onOver()
  }

  touch(): void {
    if (this.#ended.size > 0) this.#silence.touch()
  }

  stop(): void {
    this.#silence.stop()
  }
}
