// Somebody else's HTTP parser, asked what requests a stream of bytes holds; and the comparison.
import type { OriginStream, ReadRequest } from './edge-reading.ts'

/** What a reader makes of one connection. */
export interface Reading {
  readonly requests: readonly ReadRequest[]
  /** It gave up: the rest of the stream counted for nothing. */
  readonly hasRefused: boolean
}

export interface HttpReader extends AsyncDisposable {
  readonly name: string
  read(streams: readonly Buffer[]): Promise<readonly Reading[]>
}

/**
 * Undefined when the reader read what the edge passed on, or refused to go on at some point; otherwise
 * what it took for a request that the edge did not, or lost.
 */
export function findDesync(stream: OriginStream, reading: Reading): string | undefined {
  for (const [index, request] of reading.requests.entries()) {
    const passed = stream.requests[index]
    if (!passed) return `read a request that nobody sent: ${request.method} ${request.target}`
    if (request.method !== passed.method || request.target !== passed.target) {
      return `read ${request.method} ${request.target} for ${passed.method} ${passed.target}`
    }
    if (request.host !== passed.host) return `read host ${request.host} for ${passed.host}`
    const isWhole = request.isWhole ?? passed.isWhole
    if (isWhole !== passed.isWhole && !reading.hasRefused) {
      return `${request.target} is whole to one of both`
    }
    const canCompare = request.sha256 !== undefined && passed.sha256 !== undefined
    if (canCompare && request.sha256 !== passed.sha256) return `another body of ${request.target}`
  }
  const whole = stream.requests.filter(({ isWhole }) => isWhole).length
  if (reading.requests.length < whole && !reading.hasRefused) {
    return `read ${reading.requests.length} requests of ${whole}`
  }
  return undefined
}
