// Looks on at exchanges and writes them into the store. On the way of every body: it copies what the
// bound allows, counts, and does nothing else.
import type { Clock } from '@sallyport/mux'
import type {
  ExchangeObserver,
  ExchangeOutcome,
  ExchangeTap,
  TappedRequest,
  TappedResponse,
} from '../http/index.ts'
import { CaptureRate } from './capture-rate.ts'
import { CapturedBody } from './captured-body.ts'
import { type Exchange, fieldBytes } from './exchange.ts'
import type { ExchangeStore } from './exchange-store.ts'
import type { Traffic } from './traffic.ts'

export interface RecorderOptions {
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  readonly store: ExchangeStore
  readonly traffic: Traffic
}

export class Recorder {
  readonly #options: RecorderOptions
  readonly #rate: CaptureRate
  #lastId = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#rate = new CaptureRate(options.clock)
  }

  /** The tap of one route. */
  tapOf(route: string): ExchangeTap {
    return {
      begin: (request) => {
        const { clock, traffic } = this.#options
        if (this.#rate.take()) return this.record(route, request).observer
        traffic.notKept()
        return new Counting(clock, traffic, route)
      },
    }
  }

  /** Keeps an exchange, whatever the rate. */
  record(
    route: string,
    request: TappedRequest,
    replayOf?: string,
  ): { readonly exchange: Exchange; readonly observer: Required<ExchangeObserver> } {
    const { store, wallNow } = this.#options
    const { method, target, httpVersion, visitorAddress, targetLabel } = request
    const exchange: Exchange = {
      id: String(++this.#lastId),
      route,
      method,
      target,
      httpVersion,
      visitorAddress,
      targetLabel,
      requestFields: request.fields(),
      startedAt: wallNow(),
      replayOf,
      requestBody: new CapturedBody(),
      responseBody: new CapturedBody(),
      webSocket: undefined,
      response: undefined,
      requestEndMs: undefined,
      responseHeadMs: undefined,
      endMs: undefined,
      error: undefined,
    }
    store.add(exchange)
    return { exchange, observer: new Recording(exchange, this.#options) }
  }
}

class Recording implements Required<ExchangeObserver> {
  readonly #exchange: Exchange
  readonly #options: RecorderOptions
  readonly #startMs: number
  /** It was pushed out of the store: counted on, copied no more. */
  #isForgotten = false

  constructor(exchange: Exchange, options: RecorderOptions) {
    this.#exchange = exchange
    this.#options = options
    this.#startMs = options.clock.now()
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    this.#keep(this.#exchange.requestBody, bytes, start, end)
  }

  onRequestEnd(): void {
    this.#exchange.requestEndMs = this.#elapsed()
  }

  onResponseHead({ status, reason, fields }: TappedResponse): void {
    const exchange = this.#exchange
    exchange.responseHeadMs = this.#elapsed()
    exchange.response = { status, reason, fields: fields() }
    this.#grow(fieldBytes(exchange.response.fields))
    this.#options.store.changed(exchange)
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.#keep(this.#exchange.responseBody, bytes, start, end)
  }

  onWebSocket(from: 'visitor' | 'origin', bytes: Buffer, start: number, end: number): void {
    this.#exchange.webSocket ??= { visitor: new CapturedBody(), origin: new CapturedBody() }
    this.#keep(this.#exchange.webSocket[from], bytes, start, end)
  }

  onEnd({ error, requestBytes, responseBytes }: ExchangeOutcome): void {
    const exchange = this.#exchange
    exchange.endMs = this.#elapsed()
    exchange.error = error && { code: error.code, message: error.message }
    const { route, response } = exchange
    this.#options.traffic.exchangeEnded(route, {
      durationMs: exchange.webSocket ? undefined : exchange.endMs,
      isFailed: error !== undefined || (response?.status ?? 0) >= 500,
      requestBytes,
      responseBytes,
    })
    this.#options.store.changed(exchange)
  }

  #elapsed(): number {
    return this.#options.clock.now() - this.#startMs
  }

  #keep(body: CapturedBody, bytes: Buffer, start: number, end: number): void {
    if (!this.#isForgotten) this.#grow(body.add(bytes, start, end))
  }

  #grow(bytes: number): void {
    if (bytes > 0) this.#isForgotten ||= !this.#options.store.grow(this.#exchange, bytes)
  }
}

/** Of an exchange that is not kept, only its figures. */
class Counting implements ExchangeObserver {
  readonly #clock: Clock
  readonly #traffic: Traffic
  readonly #route: string
  readonly #startMs: number
  #status = 0

  constructor(clock: Clock, traffic: Traffic, route: string) {
    this.#clock = clock
    this.#traffic = traffic
    this.#route = route
    this.#startMs = clock.now()
  }

  onResponseHead({ status }: TappedResponse): void {
    this.#status = status
  }

  onEnd({ error, requestBytes, responseBytes }: ExchangeOutcome): void {
    this.#traffic.exchangeEnded(this.#route, {
      durationMs: this.#status === 101 ? undefined : this.#clock.now() - this.#startMs,
      isFailed: error !== undefined || this.#status >= 500,
      requestBytes,
      responseBytes,
    })
  }
}
