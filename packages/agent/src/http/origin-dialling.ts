// One dial to an origin for a request that waits, given up after the channel timeout.
import type { Clock } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { HttpTarget } from './ends.ts'
import { OriginConnection } from './origin-connection.ts'

export interface OriginWaiter {
  ready(origin: OriginConnection): void
  failed(error: SallyportError): void
}

export interface OriginDialling {
  /** Gives up; nobody is called back. */
  cancel(): void
}

/** Calls back once, never before it returns, and not at all after cancel(). */
export function dialForRequest(
  target: HttpTarget,
  clock: Clock,
  timeoutMs: number,
  waiter: OriginWaiter,
): OriginDialling {
  let isSettled = false
  const settle = (): boolean => {
    clock.clearTimeout(timer)
    const isFirst = !isSettled
    isSettled = true
    return isFirst
  }
  const timer = clock.setTimeout(() => {
    isSettled = true
    dial.cancel()
    const message = `origin ${target.label} did not answer the dial in time`
    waiter.failed(new SallyportError('SP_CHANNEL_TIMEOUT', message))
  }, timeoutMs)
  const dial = target.dial({
    connected: (end) => {
      if (settle()) waiter.ready(new OriginConnection(end))
    },
    failed: (error) => {
      if (settle()) waiter.failed(error)
    },
  })
  return {
    cancel() {
      if (settle()) dial.cancel()
    },
  }
}
