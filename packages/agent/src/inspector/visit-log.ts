// Raw visits, newest last: who came, how much passed, how long it stood and how it ended.
import type { VisitReport } from '../forwarder.ts'
import { maxVisits } from './limits.ts'

export interface LoggedVisit extends Omit<VisitReport, 'error'> {
  readonly id: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly message: string | undefined
}

export class VisitLog {
  readonly #visits: LoggedVisit[] = []
  #lastId = 0

  get newestFirst(): readonly LoggedVisit[] {
    return this.#visits.toReversed()
  }

  /** `endedAt`: milliseconds since 1970. */
  add({ error, ...visit }: VisitReport, endedAt: number): void {
    const id = ++this.#lastId
    const startedAt = endedAt - visit.durationMs
    this.#visits.push({ ...visit, id, startedAt, message: error?.message })
    if (this.#visits.length > maxVisits) this.#visits.shift()
  }
}
