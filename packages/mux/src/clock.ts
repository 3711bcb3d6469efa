// Time as a dependency, so that tests own it.

/** What a clock's `setTimeout` returned: opaque, only to be given back. */
export type Timer = object

export interface Clock {
  /** Milliseconds of a clock that never goes back; the origin means nothing. */
  now(): number
  setTimeout(callback: () => void, delayMs: number): Timer
  clearTimeout(timer: Timer): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what the line above returned comes back
    clearTimeout(timer as NodeJS.Timeout)
  },
}
