// An inspector with time, tunnels and origin in the test's hand.
import { SallyportError } from '@sallyport/protocol'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import type { FieldList } from '../http/field-list.ts'
import type { ExchangeObserver } from '../http/index.ts'
import type { Exchange } from './exchange.ts'
import { type InspectedTunnel, type Inspector, createInspector } from './inspector.ts'
import type { ReplayRequest, ReplayResponse } from './replay.ts'

export const tunnels: readonly InspectedTunnel[] = [
  {
    route: 'r0',
    name: 'app',
    publicUrl: 'https://app.example.com',
    protocol: 'https',
    target: 'http://localhost:3000',
  },
  {
    route: 'r1',
    name: 'db',
    publicUrl: 'tcp://relay.example.com:2222',
    protocol: 'tcp',
    target: 'localhost:5432',
  },
]

export interface InspectorTest {
  readonly clock: FakeClock
  readonly inspector: Inspector
  /** What was sent again. */
  readonly sent: ReplayRequest[]
  /** What the origin answers a replay. */
  answer: (request: ReplayRequest) => ReplayResponse
  /** One whole exchange. */
  pass(exchange?: Passed): Exchange
}

export interface Passed {
  readonly method?: string
  readonly target?: string
  readonly fields?: FieldList
  readonly body?: Buffer | string
  readonly status?: number
  readonly reason?: string
  readonly responseFields?: FieldList
  readonly responseBody?: Buffer | string
  /** From the request to the answer. */
  readonly tookMs?: number
  readonly error?: SallyportError
}

export function createInspectorTest(): InspectorTest {
  const clock = new FakeClock(1_000_000)
  const sent: ReplayRequest[] = []
  const inspector = createInspector({
    clock,
    wallNow: () => Date.UTC(2026, 10, 20, 12) + clock.now() - 1_000_000,
    tunnels: () => tunnels,
    send: async (request) => {
      sent.push(request)
      return world.answer(request)
    },
  })
  const world: InspectorTest = {
    clock,
    inspector,
    sent,
    answer: () => ({ status: 200, reason: 'OK', fields: [], body: pieces('again') }),
    pass(passed = {}) {
      pass(inspector, clock, passed)
      const [newest] = inspector.exchanges.newestFirst()
      if (!newest) throw new Error('nothing was kept')
      return newest
    },
  }
  return world
}

export async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

/** Begins, and is told of the request. */
export function begin(inspector: Inspector, passed: Passed): ExchangeObserver {
  const { method = 'GET', target = '/', fields = [['Host', 'app.example.com']], body = '' } = passed
  const observer = inspector.tapOf('r0').begin({
    method,
    target,
    httpVersion: '1.1',
    visitorAddress: '203.0.113.7',
    targetLabel: 'localhost:3000',
    fields: () => fields,
  })
  if (!observer) throw new Error('no interest')
  const bytes = Buffer.from(body)
  observer.onRequestBody?.(bytes, 0, bytes.length)
  bytes.fill(0)
  observer.onRequestEnd?.()
  return observer
}

function pass(inspector: Inspector, clock: FakeClock, passed: Passed): void {
  const { status = 200, reason = 'OK', responseFields = [], responseBody = '', error } = passed
  const observer = begin(inspector, passed)
  clock.advance(passed.tookMs ?? 10)
  observer.onResponseHead?.({ status, reason, fields: () => responseFields })
  const bytes = Buffer.from(responseBody)
  observer.onResponseBody?.(bytes, 0, bytes.length)
  const responseBytes = bytes.length
  // What was handed over is somebody else's again.
  bytes.fill(0)
  observer.onEnd?.({ requestBytes: Buffer.from(passed.body ?? '').length, responseBytes, error })
}
