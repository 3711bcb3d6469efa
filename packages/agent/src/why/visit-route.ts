// One visit through the public address, as a hop: a GET on https routes, elsewhere a connection that is
// watched for a moment. What went wrong behind the relay is told apart by the answer.
import { type ClientRequest, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Timer } from '@sallyport/mux'
import { type ErrorCode, SallyportError, errorTable, formatHostPort } from '@sallyport/protocol'
import { whyBodyBytes, whyQuietMs, whyVisitMs } from '../limits.ts'
import { software } from '../software.ts'
import type { PublicPlace } from './public-url.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

export interface Answer {
  readonly status: number
  /** Lower-case names; of several values the first. */
  readonly field: (name: string) => string | undefined
  /** Its beginning. */
  readonly body: string
}

/** The whole answer, or its beginning. @throws {SallyportError} SP_CHANNEL_TIMEOUT, SP_STREAM_RESET. */
export async function get(
  socket: Socket,
  { host, port }: PublicPlace,
  path: string,
  { clock }: WhyWorld,
): Promise<Answer> {
  const late = (): Error =>
    new SallyportError('SP_CHANNEL_TIMEOUT', `no answer to a GET within ${whyVisitMs / 1000} s`)
  return await within<Answer>(clock, whyVisitMs, late, ({ resolve, reject }) => {
    const cut = (error: Error): void =>
      reject(new SallyportError('SP_STREAM_RESET', 'broken off before an answer', { cause: error }))
    let quiet: Timer | undefined
    const asked: ClientRequest = request({
      createConnection: () => socket,
      path,
      headers: {
        host: port === 443 ? host : formatHostPort(host, port),
        'user-agent': `${software} why`,
        accept: '*/*',
        connection: 'close',
      },
    })
    asked.on('error', cut)
    asked.once('response', (response) => {
      let body = ''
      const finish = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          field: (name) => {
            const value = response.headers[name]
            return Array.isArray(value) ? value[0] : value
          },
          body,
        })
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
        if (body.length >= whyBodyBytes) finish()
      })
      response.once('end', finish)
      response.once('error', cut)
      // A stream of events never ends: its head is answer enough.
      quiet = clock.setTimeout(finish, whyQuietMs)
    })
    asked.end()
    return () => {
      if (quiet) clock.clearTimeout(quiet)
      asked.destroy()
      socket.destroy()
    }
  })
}

/** The edge's own answer, as the error that it tells of. */
export function errorOfAnswer({ field, body }: Answer): SallyportError | undefined {
  const code = field('sallyport-error')
  if (code === undefined || !Object.hasOwn(errorTable, code)) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked up on the line above
  const known = code as ErrorCode
  return new SallyportError(known, messageIn(body) ?? errorTable[known].meaning)
}

function messageIn(body: string): string | undefined {
  try {
    const page: unknown = JSON.parse(body)
    const hasMessage = typeof page === 'object' && page !== null && 'message' in page
    return hasMessage && typeof page.message === 'string' ? page.message : undefined
  } catch {
    return undefined
  }
}

/** `speaks`: bytes came. `stands`: nothing came, and nothing ended it. */
export type RawVisit = 'speaks' | 'stands'

/** @throws {SallyportError} SP_STREAM_RESET when it was ended or broken off. */
export async function watch(socket: Socket, { clock }: WhyWorld): Promise<RawVisit> {
  const { promise, resolve, reject } = Promise.withResolvers<RawVisit>()
  const cut = (): void =>
    reject(new SallyportError('SP_STREAM_RESET', 'broken off before a byte came'))
  const timer = clock.setTimeout(() => resolve('stands'), whyQuietMs)
  socket.once('data', () => resolve('speaks'))
  socket.once('end', cut)
  socket.once('close', cut)
  try {
    return await promise
  } finally {
    clock.clearTimeout(timer)
    socket.destroy()
  }
}
