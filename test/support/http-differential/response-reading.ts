// What the edge makes of origins' bytes: the answers that it says it passed on, and the very bytes that the
// visitor got.
import { createHash } from 'node:crypto'
import { EdgeTest, get } from '../../../packages/agent/src/http/edge.test.support.ts'
import { refusalOf } from '../../../packages/protocol/src/refusal.ts'
import { generateResponse } from './response-grammar.ts'
import type { Seeded } from './seeded.ts'

/** An answer as somebody read it. */
export interface ReadResponse {
  readonly status: number
  /** Of the body, in hexadecimal; undefined when it broke off, or is not known. */
  readonly sha256: string | undefined
  readonly isWhole: boolean
}

export interface VisitorStream {
  /** Methods of the requests, in order. */
  readonly methods: readonly string[]
  readonly bytes: Buffer
  readonly responses: readonly ReadResponse[]
  /** It ended as a connection should; otherwise the visitor saw a reset. */
  readonly hasEnded: boolean
}

/** One to four requests of one visitor, each answered by something generated. */
export function readResponsesByEdge(seeded: Seeded): VisitorStream {
  const methods: string[] = []
  const responses: ReadResponse[] = []
  const edge = new EdgeTest({
    tap: {
      begin() {
        let status: number | undefined
        const hash = createHash('sha256')
        return {
          onResponseHead: (response) => {
            status = response.status
          },
          onResponseBody: (bytes, start, end) => void hash.update(bytes.subarray(start, end)),
          onEnd: ({ error }) => {
            const isWhole = error === undefined || status === undefined
            const known = status !== undefined && isWhole
            responses.push({
              status: status ?? (error ? refusalOf(error.code).status : 0),
              sha256: known ? hash.digest('hex') : undefined,
              isWhole,
            })
          },
        }
      },
    },
  })
  for (let count = 1 + seeded.below(4); count > 0 && !edge.visitor.hasEnded; count--) {
    const method = seeded.pick(['GET', 'GET', 'HEAD'])
    const before = responses.length
    methods.push(method)
    edge.visitor.send(get('/').replace('GET', method))
    if (edge.dials.length > 0) edge.connect()
    const origin = edge.origins.at(-1)
    const bytes = generateResponse(seeded)
    for (let at = 0; at < bytes.length;) {
      const size = 1 + seeded.below(seeded.chance(0.5) ? bytes.length : 40)
      origin?.send(bytes.subarray(at, at + size))
      at += size
    }
    // Cut short, or until its end: the origin ends too. A safe request is tried anew, once.
    for (let turns = 0; turns < 2 && responses.length === before; turns++) {
      edge.origins.at(-1)?.sendEnd()
      if (edge.dials.length > 0) edge.connect()
    }
    if (edge.isClosed) break
  }
  edge.visitor.sendEnd()
  const { received, hasEnded, isReset } = edge.visitor
  return {
    methods,
    responses,
    bytes: Buffer.from(received, 'latin1'),
    hasEnded: hasEnded && !isReset,
  }
}
