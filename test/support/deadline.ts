// Waiting with an end: a test never sleeps, it waits for the event and says what it waited for.
import { type EventEmitter, once } from 'node:events'

/** Settles as `promise` does; rejects after `ms` with an error that names `what` was awaited. */
export async function deadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  // Made here, so that its stack shows who waited and not the timer.
  const late = new Error(`no ${what} within ${ms} ms`)
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ms)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Resolves with the arguments of the emitter's next `event`; rejects on its 'error' (unless that is
 * what is awaited) and after `ms`. Listens from the call on, so call it before what causes the event.
 */
export async function until(
  emitter: EventEmitter,
  event: string,
  ms = 5_000,
): Promise<readonly unknown[]> {
  const giveUp = new AbortController()
  try {
    const happened: Promise<unknown[]> = once(emitter, event, { signal: giveUp.signal })
    return await deadline(happened, ms, `'${event}' event`)
  } finally {
    giveUp.abort()
  }
}
