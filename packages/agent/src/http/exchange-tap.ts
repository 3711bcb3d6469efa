// The seam for looking on (inspector, access log): told of every exchange as it passes. What it is handed
// is valid during the call only, it cannot hold anything up, and what it throws is its own affair.
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget } from './ends.ts'
import type { HeadParser } from './head-parser.ts'
import type { RequestHead } from './request-head.ts'
import { type FieldList, listFields } from './field-list.ts'

export interface TappedRequest {
  readonly method: string
  /** Path and query, as the origin gets it. */
  readonly target: string
  readonly httpVersion: '1.0' | '1.1' | '2'
  readonly visitorAddress: string
  /** Of the origin, for people. */
  readonly targetLabel: string
  /** The visitor's own fields, made when asked for: call it at once or never. */
  fields(): FieldList
}

export interface TappedResponse {
  readonly status: number
  readonly reason: string
  fields(): FieldList
}

export interface ExchangeOutcome {
  readonly requestBytes: number
  readonly responseBytes: number
  /** What ended it, when it did not end well; also the edge's own answers. */
  readonly error: SallyportError | undefined
}

/** Looks on at one exchange. Bodies are without framing; `onEnd` comes last and once. */
export interface ExchangeObserver {
  onRequestBody?(bytes: Buffer, start: number, end: number): void
  onRequestEnd?(): void
  onResponseHead?(response: TappedResponse): void
  onResponseBody?(bytes: Buffer, start: number, end: number): void
  /** Bytes of a WebSocket, by who sent them. */
  onWebSocket?(from: 'visitor' | 'origin', bytes: Buffer, start: number, end: number): void
  onEnd?(outcome: ExchangeOutcome): void
}

export interface ExchangeTap {
  /** Undefined: no interest in this one. */
  begin(request: TappedRequest): ExchangeObserver | undefined
}

/** Starts to look on, where a tap wants to. */
export function observeRequest(
  setup: EdgeSetup,
  target: HttpTarget,
  request: RequestHead,
  parser: HeadParser,
): GuardedObserver | undefined {
  const { tap, visitorAddress } = setup
  if (!tap) return undefined
  const { method, minor, target: path } = request.line
  return new GuardedObserver(tap, {
    method,
    target: path,
    httpVersion: minor === 1 ? '1.1' : '1.0',
    visitorAddress,
    targetLabel: target.label,
    fields: () => listFields(parser),
  })
}

/** An observer that is dropped when it throws. */
export class GuardedObserver {
  #observer: ExchangeObserver | undefined

  constructor(tap: ExchangeTap, request: TappedRequest) {
    try {
      this.#observer = tap.begin(request)
    } catch {
      // A tap that fails looks at nothing.
    }
  }

  tell(call: (observer: ExchangeObserver) => void): void {
    if (!this.#observer) return
    try {
      call(this.#observer)
    } catch {
      this.#observer = undefined
    }
  }

  get isLooking(): boolean {
    return this.#observer !== undefined
  }
}
