// The origin connections of one HTTP/2 visitor: one for each request under way, so that none waits behind
// another, and a few idle ones. Bounded by the streams that the visitor may open. Never shared with
// another visitor.
import type { Clock } from '@sallyport/mux'
import type { HttpTarget } from './ends.ts'
import { idleOrigins } from './limits.ts'
import type { OriginConnection } from './origin-connection.ts'
import { type OriginDialling, type OriginWaiter, dialForRequest } from './origin-dialling.ts'

export class OriginPool {
  readonly #clock: Clock
  readonly #dialTimeoutMs: number
  readonly #idle = new Map<HttpTarget, OriginConnection[]>()

  constructor(clock: Clock, dialTimeoutMs: number) {
    this.#clock = clock
    this.#dialTimeoutMs = dialTimeoutMs
  }

  /** An idle connection, which is the taker's until it gives it back. */
  take(target: HttpTarget): OriginConnection | undefined {
    const idle = this.#idle.get(target)
    for (let origin = idle?.pop(); origin; origin = idle?.pop()) if (origin.isIdle) return origin
    return undefined
  }

  /** A new one. Calls back once, never before it returns, unless cancelled. */
  dial(target: HttpTarget, waiter: OriginWaiter): OriginDialling {
    return dialForRequest(target, this.#clock, this.#dialTimeoutMs, waiter)
  }

  /** Takes a connection whose response is whole. */
  giveBack(target: HttpTarget, origin: OriginConnection): void {
    const idle = (this.#idle.get(target) ?? []).filter((one) => one.isIdle)
    if (origin.isIdle && idle.length < idleOrigins) idle.push(origin)
    else origin.close()
    this.#idle.set(target, idle)
  }

  /** Ends the idle ones. */
  close(): void {
    for (const origins of this.#idle.values()) for (const origin of origins) origin.close()
    this.#idle.clear()
  }
}
