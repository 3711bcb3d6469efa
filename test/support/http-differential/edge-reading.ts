// What the edge makes of a visitor's bytes: the requests that it says it passed on, and the very bytes
// that each origin connection got.
import { createHash } from 'node:crypto'
import { EdgeTest, type FakeOrigin } from '../../../packages/agent/src/http/edge.test.support.ts'
import type { ExchangeObserver, TappedRequest } from '../../../packages/agent/src/http/index.ts'
import type { Seeded } from './seeded.ts'

/** A request as somebody read it. */
export interface ReadRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  /** Of the body, in hexadecimal; undefined when it broke off, or the reader does not say. */
  readonly sha256: string | undefined
  /** Undefined when the reader does not say. */
  readonly isWhole: boolean | undefined
}

/** One connection to an origin. */
export interface OriginStream {
  readonly bytes: Buffer
  readonly requests: readonly ReadRequest[]
}

export interface EdgeReading {
  readonly streams: readonly OriginStream[]
  /** Answers that the visitor got, the edge's own among them. */
  readonly statuses: readonly number[]
}

/** The last request of a stream that stands at the end: who does not read it as such has lost a border. */
export const sentinel =
  'GET /sentinel HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n\r\n'
const sentinelRequest: ReadRequest = {
  method: 'GET',
  target: '/sentinel',
  host: 'app.example.com',
  sha256: createHash('sha256').digest('hex'),
  isWhole: true,
}

class Passed implements ExchangeObserver {
  readonly #request: TappedRequest
  readonly #hash = createHash('sha256')
  readonly origin: FakeOrigin | undefined
  isWhole = false

  constructor(request: TappedRequest, origin: FakeOrigin | undefined) {
    this.#request = request
    this.origin = origin
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    this.#hash.update(bytes.subarray(start, end))
  }

  onRequestEnd(): void {
    this.isWhole = true
  }

  read(): ReadRequest {
    const { method, target } = this.#request
    const sha256 = this.isWhole ? this.#hash.digest('hex') : undefined
    return { method, target, host: this.host, sha256, isWhole: this.isWhole }
  }

  host = ''
}

/** Feeds the bytes in random cuts, and answers every request that is whole. */
export function readByEdge(bytes: Buffer, seeded: Seeded): EdgeReading {
  const passed: Passed[] = []
  let current: Passed | undefined
  const edge = new EdgeTest({
    tap: {
      begin(request) {
        current = new Passed(request, edge.origins.at(-1))
        const host = request.fields().find(([name]) => name.toLowerCase() === 'host')
        current.host = host?.[1] ?? 'app.example.com'
        passed.push(current)
        return current
      },
    },
  })
  const answerAll = (): void => {
    for (;;) {
      if (edge.dials.length > 0) edge.connect()
      const exchange = current
      if (!exchange?.isWhole || edge.isClosed) return
      current = undefined
      exchange.origin?.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    }
  }
  for (let at = 0; at < bytes.length;) {
    const size = 1 + seeded.below(seeded.chance(0.5) ? bytes.length : 40)
    edge.visitor.send(bytes.subarray(at, at + size))
    answerAll()
    at += size
  }
  edge.visitor.sendEnd()
  answerAll()
  return {
    streams: edge.origins.map((origin) => streamOf(origin, passed)),
    statuses: [...edge.visitor.received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) =>
      Number(code),
    ),
  }
}

function streamOf(origin: FakeOrigin, passed: readonly Passed[]): OriginStream {
  const requests = passed.filter((one) => one.origin === origin).map((one) => one.read())
  const bytes = Buffer.concat(origin.socket.pieces)
  if (requests.some(({ isWhole }) => !isWhole)) return { bytes, requests }
  return {
    bytes: Buffer.concat([bytes, Buffer.from(sentinel)]),
    requests: [...requests, sentinelRequest],
  }
}
