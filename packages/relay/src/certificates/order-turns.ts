// Orders one after the other, and no more in an hour than an authority takes from one account: a burst of
// names waits.
import type { KeeperClock } from '@sallyport/acme'
import { maxOrdersPerHour } from '../limits.ts'

const hourMs = 3_600_000

export class OrderTurns implements Disposable {
  readonly #clock: KeeperClock
  #last: Promise<unknown> = Promise.resolve()
  /** When the latest orders began. */
  #begun: readonly number[] = []
  #timer: object | undefined

  constructor(clock: KeeperClock) {
    this.#clock = clock
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      await this.#wait()
      return await work()
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async #wait(): Promise<void> {
    const now = this.#clock.now()
    this.#begun = [...this.#begun, now].slice(-maxOrdersPerHour - 1)
    const [oldest = now] = this.#begun.length > maxOrdersPerHour ? this.#begun : []
    const waitMs = oldest + hourMs - now
    if (this.#begun.length <= maxOrdersPerHour || waitMs <= 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#timer = this.#clock.setTimeout(resolve, waitMs)
    await promise
  }

  [Symbol.dispose](): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
  }
}
