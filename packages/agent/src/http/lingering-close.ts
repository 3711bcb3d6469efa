// The end of a visitor's stream after the last answer: the FIN is sent, and what the visitor still sends is
// read and dropped for a while, so that no reset overtakes the answer (RFC 9112 §9.6). A visitor that is
// merely slow to read is left alone.
import type { Clock } from '@sallyport/mux'
import { lingerBytes, lingerMs } from './limits.ts'
import { SilenceTimer } from './silence-timer.ts'

export class LingeringClose {
  readonly #clock: Clock
  readonly #onExpired: () => void
  readonly #silence: SilenceTimer
  readonly #startMs: number
  #droppedBytes = 0

  /**
   * `idleMs`: longest silence of a visitor that does not end. `onExpired`: the visitor goes on sending,
   * or neither sends nor ends.
   */
  constructor(clock: Clock, idleMs: number, onExpired: () => void) {
    this.#clock = clock
    this.#onExpired = onExpired
    this.#startMs = clock.now()
    this.#silence = new SilenceTimer({
      clock,
      silenceMs: idleMs,
      isExcused: () => false,
      onSilence: onExpired,
    })
    this.#silence.start()
  }

  /** So many bytes came and were dropped. */
  dropped(bytes: number): void {
    if (bytes === 0) return
    this.#silence.touch()
    this.#droppedBytes += bytes
    const isLate = this.#clock.now() - this.#startMs > lingerMs
    if (isLate || this.#droppedBytes > lingerBytes) this.#onExpired()
  }

  stop(): void {
    this.#silence.stop()
  }
}
