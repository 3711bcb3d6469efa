// Requests to an https route of a relay on this machine, with whatever certificate it has.
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import { type RequestOptions, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { deadline } from './deadline.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** TLS to a route by its name, with what is offered in ALPN. */
export function dialRoute(port: number, name: string, ALPNProtocols: string[]): TLSSocket {
  const rejectUnauthorized = false
  return connectTls({
    host: '127.0.0.1',
    port,
    servername: name,
    rejectUnauthorized,
    ALPNProtocols,
  })
}

/** One request over HTTP/1.1; `name` is SNI and, unless headers say otherwise, Host. */
export async function ask(
  port: number,
  name: string,
  options: RequestOptions & { readonly sent?: string } = {},
): Promise<Answer> {
  const { sent, ...rest } = options
  const asked = request({
    host: '127.0.0.1',
    port,
    servername: name,
    rejectUnauthorized: false,
    agent: false,
    ...rest,
    headers: { host: name, ...options.headers },
  })
  asked.end(sent)
  const [response] = (await deadline(once(asked, 'response'), 20_000, 'response')) as [
    IncomingMessage,
  ]
  const body = await deadline(text(response), 20_000, 'body')
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

/** A session over HTTP/2; how it fails is told by its streams. */
export function openHttp2(port: number, name: string): ClientHttp2Session {
  const createConnection = (): TLSSocket => dialRoute(port, name, ['h2'])
  return connect(`https://${name}`, { createConnection }).on('error', () => {})
}

/** One request over HTTP/2. */
export async function askHttp2(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const stream = session.request({ ':path': '/', ...headers })
  const [answer] = (await deadline(once(stream, 'response'), 20_000, 'response')) as [
    IncomingHttpHeaders,
  ]
  const body = await deadline(text(stream), 20_000, 'body')
  return { status: Number(answer[':status']), headers: answer, body }
}
