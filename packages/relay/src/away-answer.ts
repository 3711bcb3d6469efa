// What a visitor of an https route hears from the relay when no agent took its request: 503 and why, over
// the HTTP that it speaks. It is heard once and then ended.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { type ServerHttp2Stream, performServerHandshake } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Clock, SocketEnd } from '@sallyport/mux'
import { type ErrorPage, type SallyportError, createErrorPage } from '@sallyport/protocol'
import { HeldVisitor } from './held-visitor.ts'
import { maxAnsweredHeadBytes } from './limits.ts'

export interface Unanswered {
  /** What it said while it waited. */
  readonly said: readonly Buffer[]
  readonly isHttp2: boolean
  readonly why: SallyportError
}

/** Takes the visitor over; it is gone after `timeoutMs` at the latest. */
export type AnswerAway = (end: SocketEnd, visitor: Unanswered) => void

export function createAwayAnswer(clock: Clock, timeoutMs: number): AnswerAway {
  const reasons = new WeakMap<Duplex, SallyportError>()
  const server = createServer({ maxHeaderSize: maxAnsweredHeadBytes, keepAlive: false })
  server.on('clientError', (_error, socket) => void socket.destroy())
  for (const event of ['request', 'checkContinue', 'checkExpectation'] as const) {
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      const why = reasons.get(request.socket)
      if (!why) return void request.socket.destroy()
      answerHttp1(response, request, createErrorPage(why, request.headers.accept))
    })
  }
  // Without a listener Node hands these to nobody and closes.
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    const why = reasons.get(socket)
    if (why) socket.end(headOf(createErrorPage(why, undefined)))
  })

  return (end, { said, isHttp2, why }) => {
    const visitor = new HeldVisitor(end, said)
    visitor.on('error', () => {})
    const late = clock.setTimeout(() => visitor.destroy(), timeoutMs)
    visitor.once('close', () => clock.clearTimeout(late))
    if (isHttp2) answerHttp2(visitor, why)
    else {
      reasons.set(visitor, why)
      server.emit('connection', visitor)
    }
  }
}

function answerHttp1(response: ServerResponse, request: IncomingMessage, page: ErrorPage): void {
  // Read to its end: a reset would overtake the answer.
  request.resume()
  response.writeHead(page.status, page.reason, [
    ...page.fields.flat(),
    'Content-Length',
    String(page.body.length),
    'Connection',
    'close',
  ])
  response.end(page.body)
}

/** A whole answer, in text. */
function headOf({ status, reason, fields, body }: ErrorPage): string {
  const lines = [...fields, ['Content-Length', String(body.length)], ['Connection', 'close']]
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 ${status} ${reason}\r\n${head}\r\n${body.toString()}`
}

function answerHttp2(visitor: Duplex, why: SallyportError): void {
  const session = performServerHandshake(visitor)
  session.on('error', () => {})
  session.on('stream', (stream: ServerHttp2Stream, headers) => {
    const { status, fields, body } = createErrorPage(why, headers.accept)
    stream.on('error', () => {})
    stream.respond({ ':status': status, ...Object.fromEntries(fields) })
    stream.end(body)
    session.close()
  })
}
