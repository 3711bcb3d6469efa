// A steady load of short requests over TCP, each a connection of its own, that tells for each how it went:
// whole, failed, or (never!) a clean end with too few bytes.
import { connect } from 'node:net'
import { type EndedBy, endOf } from './socket-end-kind.ts'

export interface LoadOutcome {
  readonly startedMs: number
  readonly endedBy: EndedBy
  readonly body: string
  /** What stands before the colon: who answered. */
  readonly name: string
}

/** One request: a line, and the answer up to its end. */
export function request(port: number, line = 'ask\n'): Promise<LoadOutcome> {
  const startedMs = performance.now()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(line)
  return endOf(socket).then((endedBy) => {
    socket.end()
    const body = Buffer.concat(chunks).toString('latin1')
    return { startedMs, endedBy, body, name: body.split(':', 1)[0] ?? '' }
  })
}

export interface LoadOptions {
  /** Requests at once. */
  readonly atOnce?: number
  /** Asked before each request, with how many were started and how many are over. */
  readonly goesOn: (started: number, over: number) => boolean
}

/** Requests until `goesOn` says no; resolves when all are over. */
export async function load(
  port: number,
  { atOnce = 8, goesOn }: LoadOptions,
): Promise<readonly LoadOutcome[]> {
  const outcomes: LoadOutcome[] = []
  let started = 0
  const work = async (): Promise<void> => {
    while (goesOn(started, outcomes.length)) {
      started += 1
      outcomes.push(await request(port))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return outcomes
}
