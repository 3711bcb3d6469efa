// All visitors of the relay: those who are served and those who wait. Tells the waiting when their
// agent is back, and lets a drain wait for the served.
import { type Clock, LinkedSet, type SocketEnd } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { AnswerAway } from './away-answer.ts'
import { Parking, type ParkingOptions } from './parking.ts'
import type { Routes } from './routes.ts'
import {
  type StreamOpener,
  type VisitReport,
  Visitor,
  type VisitorFacts,
  type VisitorHost,
} from './visitor.ts'

export interface VisitorsOptions {
  readonly clock: Clock
  readonly routes: Pick<Routes<StreamOpener>, 'pick' | 'drain' | 'isFull'>
  /** Who may be at one route at once. */
  readonly maxPerRoute: () => number
  /** Somebody was turned away: the route is full, or its agents are. */
  onTurnedAway(why: 'visitors-of-route' | 'visitors-of-agent'): void
  readonly parking?: ParkingOptions | undefined
  readonly answerAway: AnswerAway
  onEnded(facts: VisitorFacts, report: VisitReport): void
}

export class Visitors {
  readonly #parking: Parking<Visitor>
  readonly #options: VisitorsOptions
  readonly #here = new LinkedSet<Visitor>()
  readonly #atPlace = new Map<string, number>()
  readonly #host: VisitorHost
  #isDraining = false
  #onEmpty: (() => void) | undefined

  constructor(options: VisitorsOptions) {
    const { clock, routes, parking, answerAway } = options
    this.#options = options
    this.#parking = new Parking(parking)
    this.#host = {
      clock,
      pick: (place) => routes.pick(place),
      avoid: (session) => routes.drain(session),
      park: (visitor) => this.#park(visitor),
      unpark: (visitor) => this.#parking.leave(visitor),
      answerAway,
      ended: (visitor, report) => {
        this.#here.delete(visitor)
        this.#count(visitor.place, -1)
        options.onEnded(visitor.facts, report)
        if (this.#here.size === 0) this.#onEmpty?.()
      },
    }
  }

  get count(): number {
    return this.#here.size
  }

  /** Takes over a visitor whose route is known. */
  admit(end: SocketEnd, facts: VisitorFacts): void {
    const visitor = new Visitor(end, facts, this.#host)
    const isFull = this.countAt(facts.place) >= this.#options.maxPerRoute()
    this.#here.add(visitor)
    this.#count(facts.place, 1)
    if (isFull) visitor.abort('relay', this.#turnAway('visitors-of-route', 'the route'))
    else visitor.start()
  }

  /** Visitors of a route, served or waiting. */
  countAt(place: string): number {
    return this.#atPlace.get(place) ?? 0
  }

  limitParking(options: ParkingOptions): void {
    this.#parking.limit(options)
  }

  parkedCount(place: string): number {
    return this.#parking.count(place)
  }

  /** A session serves the route again: those who wait go on. */
  retry(place: string): void {
    for (const visitor of this.#parking.takeAll(place)) visitor.seek()
  }

  /** The route is gone: nobody waits for it any longer. */
  evict(place: string): void {
    for (const visitor of this.#parking.takeAll(place)) visitor.abort('relay', routeGone())
  }

  /** From now on nobody is parked. Resolves when the last visitor has left. */
  async drain(): Promise<void> {
    this.#isDraining = true
    for (const visitor of this.#parking.all()) visitor.abort('relay', shutsDown())
    if (this.#here.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onEmpty = resolve
    await promise
  }

  abortAll(): void {
    for (const visitor of this.#here) visitor.abort('relay', shutsDown())
  }

  #park(visitor: Visitor): SallyportError | undefined {
    if (this.#isDraining) return shutsDown()
    if (this.#options.routes.isFull(visitor.place)) {
      return this.#turnAway('visitors-of-agent', 'the agent')
    }
    if (this.#parking.enter(visitor)) return undefined
    return new SallyportError('SP_AGENT_AWAY', 'too many visitors wait for the agent already')
  }

  #turnAway(why: 'visitors-of-route' | 'visitors-of-agent', who: string): SallyportError {
    this.#options.onTurnedAway(why)
    return new SallyportError('SP_STREAM_LIMIT', `${who} has as many visitors as it may`)
  }

  #count(place: string, change: 1 | -1): void {
    const count = this.countAt(place) + change
    if (count > 0) this.#atPlace.set(place, count)
    else this.#atPlace.delete(place)
  }
}

function shutsDown(): SallyportError {
  return new SallyportError('SP_DRAINING', 'the relay shuts down')
}

function routeGone(): SallyportError {
  return new SallyportError('SP_AGENT_AWAY', 'the agent did not come back in time')
}
