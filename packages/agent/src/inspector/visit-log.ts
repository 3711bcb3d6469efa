// Raw visits, newest last: who came, how much passed, how long it stood and how it ended.
import type { AgentEvents } from '../events.ts'
import { maxVisits } from './limits.ts'

export type LoggedVisit = AgentEvents['visit'] & {
  readonly id: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

export class VisitLog {
  readonly #visits: LoggedVisit[] = []
  #lastId = 0

  get newestFirst(): readonly LoggedVisit[] {
    return this.#visits.toReversed()
  }

  /** `endedAt`: milliseconds since 1970. */
  add(visit: AgentEvents['visit'], endedAt: number): void {
    this.#visits.push({ ...visit, id: ++this.#lastId, startedAt: endedAt - visit.durationMs })
    if (this.#visits.length > maxVisits) this.#visits.shift()
  }
}
