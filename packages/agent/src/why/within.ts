// A callback that must come in time, as a promise: everything that `why` waits for has a bound.
import type { Clock } from '@sallyport/mux'

export interface Settle<T> {
  resolve(value: T): void
  reject(error: Error): void
}

/**
 * Starts something and waits for it at most `ms`; `late` makes the error of a wait that was too long.
 * What `start` returns is called once it is over, however it ended.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  late: () => Error,
  start: (settle: Settle<T>) => (() => void) | undefined,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = clock.setTimeout(() => reject(late()), ms)
  const finish = start({ resolve, reject })
  try {
    return await promise
  } finally {
    clock.clearTimeout(timer)
    finish?.()
  }
}
