// The JSON that was posted, bounded.
import type { IncomingMessage } from 'node:http'
import { badInput } from '@sallyport/protocol'
import { maxPostBytes } from '../limits.ts'

/** Undefined for an empty body. @throws {SallyportError} SP_USAGE. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > maxPostBytes) {
      throw wrong(`more than ${maxPostBytes} bytes`, `at most ${maxPostBytes} bytes`)
    }
    pieces.push(piece)
  }
  if (length === 0) return undefined
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw wrong(request.headers['content-type'] ?? 'no type', 'Content-Type: application/json')
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch {
    throw wrong(`${length} bytes`, 'JSON')
  }
}

function wrong(value: string, right: string): Error {
  return badInput('SP_USAGE', { what: 'body', where: 'of the request', value, right })
}
