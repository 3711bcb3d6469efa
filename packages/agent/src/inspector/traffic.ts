// What passes, in figures: of each route for scripts, of all together as ten minutes of plots.
import type { Clock } from '@sallyport/mux'
import { Durations, type Percentiles } from './durations.ts'
import { bucketMs, buckets, recentDurations, samplesPerBucket } from './limits.ts'
import { RateMeter } from './rate-meter.ts'

export interface EndedExchange {
  /** Undefined for a WebSocket: how long it stood says nothing of the origin's speed. */
  readonly durationMs: number | undefined
  readonly isFailed: boolean
  readonly requestBytes: number
  readonly responseBytes: number
}

export interface RouteTraffic {
  readonly requests: MeterReading
  readonly visits: MeterReading
}

export interface MeterReading {
  readonly count: number
  readonly rates: readonly [one: number, five: number, fifteen: number]
  readonly percentiles: Percentiles | undefined
}

export interface TrafficPoint {
  /** Seconds before now at which it ends. */
  readonly agoS: number
  readonly requests: number
  readonly failed: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly latency: Percentiles | undefined
}

class Meter {
  readonly #rate: RateMeter
  readonly #durations = new Durations(recentDurations)

  constructor(clock: Clock) {
    this.#rate = new RateMeter(clock)
  }

  add(durationMs: number | undefined): void {
    this.#rate.add()
    if (durationMs !== undefined) this.#durations.add(durationMs)
  }

  read(): MeterReading {
    const { count } = this.#rate
    return { count, rates: this.#rate.rates(), percentiles: this.#durations.percentiles() }
  }
}

interface Bucket {
  readonly number: number
  readonly durations: Durations
  requests: number
  failed: number
  bytesIn: number
  bytesOut: number
}

export class Traffic {
  readonly #clock: Clock
  readonly #routes = new Map<string, { readonly requests: Meter; readonly visits: Meter }>()
  #buckets: Bucket[] = []
  #notKept = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Exchanges that were counted and not kept. */
  get unkept(): number {
    return this.#notKept
  }

  notKept(): void {
    this.#notKept += 1
  }

  exchangeEnded(route: string, exchange: EndedExchange): void {
    const { durationMs } = exchange
    this.#metersOf(route).requests.add(durationMs)
    const bucket = this.#bucket()
    bucket.requests += 1
    if (exchange.isFailed) bucket.failed += 1
    bucket.bytesIn += exchange.requestBytes
    bucket.bytesOut += exchange.responseBytes
    if (durationMs !== undefined) bucket.durations.add(durationMs)
  }

  /** `bytes`: of a raw visit; those of HTTP are counted by exchange. */
  visitEnded(
    route: string,
    durationMs: number,
    bytes?: { readonly in: number; readonly out: number },
  ): void {
    this.#metersOf(route).visits.add(durationMs)
    if (!bytes) return
    const bucket = this.#bucket()
    bucket.bytesIn += bytes.in
    bucket.bytesOut += bytes.out
  }

  ofRoute(route: string): RouteTraffic {
    const { requests, visits } = this.#metersOf(route)
    return { requests: requests.read(), visits: visits.read() }
  }

  /** Oldest first, without gaps; the last one is not over. */
  series(): readonly TrafficPoint[] {
    const now = this.#number()
    const held = new Map(this.#buckets.map((bucket) => [bucket.number, bucket]))
    return Array.from({ length: buckets }, (_, index) => {
      const number = now - buckets + 1 + index
      const bucket = held.get(number)
      return {
        agoS: ((now - number) * bucketMs) / 1_000,
        requests: bucket?.requests ?? 0,
        failed: bucket?.failed ?? 0,
        bytesIn: bucket?.bytesIn ?? 0,
        bytesOut: bucket?.bytesOut ?? 0,
        latency: bucket?.durations.percentiles(),
      }
    })
  }

  #metersOf(route: string): { readonly requests: Meter; readonly visits: Meter } {
    let meters = this.#routes.get(route)
    if (!meters) {
      meters = { requests: new Meter(this.#clock), visits: new Meter(this.#clock) }
      this.#routes.set(route, meters)
    }
    return meters
  }

  #number(): number {
    return Math.floor(this.#clock.now() / bucketMs)
  }

  #bucket(): Bucket {
    const number = this.#number()
    const last = this.#buckets.at(-1)
    if (last?.number === number) return last
    const durations = new Durations(samplesPerBucket)
    const bucket = { number, durations, requests: 0, failed: 0, bytesIn: 0, bytesOut: 0 }
    this.#buckets = [...this.#buckets.filter((one) => one.number > number - buckets), bucket]
    return bucket
  }
}
