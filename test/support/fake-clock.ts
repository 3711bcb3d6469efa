// A clock that stands still until the test moves it: the Clock of @sallyport/mux, by hand.
import type { Clock, Timer } from '@sallyport/mux'

interface FakeTimer extends Timer {
  readonly dueMs: number
  readonly run: () => void
}

export class FakeClock implements Clock {
  #nowMs: number
  readonly #timers = new Set<FakeTimer>()
  readonly #realUpToMs: number

  /** Timers of at most `realUpToMs` run by themselves, in real time; by default none do. */
  constructor(startMs = 0, realUpToMs = -1) {
    this.#nowMs = startMs
    this.#realUpToMs = realUpToMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimeout(run: () => void, delayMs: number): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run, unref: () => undefined }
    this.#timers.add(timer)
    if (delayMs <= this.#realUpToMs) {
      setTimeout(() => {
        if (this.#timers.delete(timer)) run()
      }, delayMs)
    }
    return timer
  }

  clearTimeout(timer: Timer | undefined): void {
    for (const pending of this.#timers) if (pending === timer) this.#timers.delete(pending)
  }

  /** Timers that are still to run: zero at the end of a test, or something was not cleaned up. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Milliseconds until the next timer is due, or undefined when there is none. */
  get nextTimerMs(): number | undefined {
    const next = this.#next()
    return next === undefined ? undefined : next.dueMs - this.#nowMs
  }

  /**
   * Moves the time by `ms` and runs each timer at its own instant, in order of time and then of
   * creation, those included that the timers set. Promises that they settle run afterwards.
   */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let next = this.#next(); next && next.dueMs <= endMs; next = this.#next()) {
      this.#timers.delete(next)
      this.#nowMs = next.dueMs
      next.run()
    }
    this.#nowMs = endMs
  }

  #next(): FakeTimer | undefined {
    let first: FakeTimer | undefined
    for (const timer of this.#timers) if (!first || timer.dueMs < first.dueMs) first = timer
    return first
  }
}
