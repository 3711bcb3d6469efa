// All visits of one session: takes the streams that the relay opens, and lets them end.
import { LinkedSet, type MuxStream } from '@sallyport/mux'
import { Visit, type VisitOptions } from './visit.ts'

/** All visits of one session. */
export class Forwarder {
  readonly #options: VisitOptions
  readonly #visits = new LinkedSet<Visit>()
  #isDraining = false
  #onIdle: (() => void) | undefined

  constructor(options: VisitOptions) {
    this.#options = options
  }

  /** Visits that are not over. */
  get visits(): number {
    return this.#visits.size
  }

  /** Takes a stream that the relay opened. */
  accept(stream: MuxStream): void {
    const visit = new Visit(stream, this.#options, (report) => {
      this.#visits.delete(visit)
      this.#options.onVisit(report)
      if (this.#visits.size === 0) this.#onIdle?.()
    })
    this.#visits.add(visit)
    visit.start()
    if (this.#isDraining) visit.drain()
  }

  /** Visits end with the answer under way, where answers can be told apart. */
  drain(): void {
    this.#isDraining = true
    for (const visit of this.#visits) visit.drain()
  }

  /** The same for those whose route is served otherwise by now: their next request finds it so. */
  drainChanged(): void {
    for (const visit of this.#visits) if (!visit.isCurrent) visit.drain()
  }

  /** Calls back, once, as soon as there is no visit: at once if there is none now. */
  whenIdle(callback: () => void): void {
    this.#onIdle = () => {
      this.#onIdle = undefined
      callback()
    }
    if (this.#visits.size === 0) this.#onIdle()
  }
}
