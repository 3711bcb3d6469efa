// Waiting, but not for ever.
import type { Clock } from '@sallyport/mux'

/** Resolves when `work` does, or after `ms`. */
export async function within(clock: Clock, work: Promise<void>, ms: number): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>()
  const timer = clock.setTimeout(resolve, ms)
  await Promise.race([work, expired])
  clock.clearTimeout(timer)
}
