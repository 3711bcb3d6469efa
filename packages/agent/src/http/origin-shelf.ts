// The origin connections of one HTTP/1 visitor: at most one per target, dialled when a request needs it
// and used again while the origin lets it stand. Never shared with another visitor.
import type { Clock } from '@sallyport/mux'
import type { HttpTarget } from './ends.ts'
import type { OriginConnection } from './origin-connection.ts'
import { type OriginDialling, type OriginWaiter, dialForRequest } from './origin-dialling.ts'

export class OriginShelf {
  readonly #clock: Clock
  readonly #dialTimeoutMs: number
  readonly #origins = new Map<HttpTarget, OriginConnection>()
  #dialling: OriginDialling | undefined

  constructor(clock: Clock, dialTimeoutMs: number) {
    this.#clock = clock
    this.#dialTimeoutMs = dialTimeoutMs
  }

  /** The standing connection to a target, when it is idle. */
  idle(target: HttpTarget): OriginConnection | undefined {
    const origin = this.#origins.get(target)
    return origin?.isIdle ? origin : undefined
  }

  /** Dials; one dial at a time. Calls back once, never before it returns, unless cancelled. */
  dial(target: HttpTarget, waiter: OriginWaiter): void {
    this.#dialling = dialForRequest(target, this.#clock, this.#dialTimeoutMs, {
      ready: (origin) => {
        this.#dialling = undefined
        this.#origins.set(target, origin)
        waiter.ready(origin)
      },
      failed: (error) => {
        this.#dialling = undefined
        waiter.failed(error)
      },
    })
  }

  /** Gives the dial under way up. */
  cancel(): void {
    this.#dialling?.cancel()
    this.#dialling = undefined
  }

  /** Ends every connection that is idle; the busy one is its exchange's affair. */
  close(): void {
    this.cancel()
    for (const origin of this.#origins.values()) if (origin.isIdle) origin.close()
    this.#origins.clear()
  }
}
