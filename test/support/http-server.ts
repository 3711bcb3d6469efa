// node:http as an origin on a free port, and one that checks what comes up and sends as much down.
import { once } from 'node:events'
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  createServer,
  request,
} from 'node:http'
import { OffsetChecker } from './offset-checker.ts'
import { OffsetStream } from './offset-stream.ts'

export type HttpOrigin = Server & { readonly port: number }

export async function startServer(listener: RequestListener): Promise<HttpOrigin> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return Object.assign(server, { port: address.port })
}

/** What one write takes. */
const pieceBytes = 100_000
const upKey = 1
const downKey = 2

export interface BulkOrigin extends AsyncDisposable {
  readonly port: number
  readonly bytes: number
}

/** Takes `bytes` up, then sends as many down: by length at /length, in chunks elsewhere. */
export async function startBulkOrigin(bytes: number): Promise<BulkOrigin> {
  const server = await startServer((incoming, response) => {
    const checker = new OffsetChecker(new OffsetStream(upKey), bytes)
    incoming.on('data', (chunk: Buffer) => checker.push(chunk))
    incoming.on('end', () => {
      if (incoming.url === '/length') response.setHeader('content-length', bytes)
      response.setHeader('x-verdict', checker.verdict().kind)
      const oracle = new OffsetStream(downKey)
      let at = 0
      const write = (): void => {
        while (at < bytes) {
          const chunk = oracle.bytes(at, Math.min(pieceBytes, bytes - at))
          at += chunk.length
          if (!response.write(chunk)) return void response.once('drain', write)
        }
        response.end()
      }
      write()
    })
  })
  return { port: server.port, bytes, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Both directions' verdicts, as seen by who read them. */
export async function visitBulkOrigin(
  port: number,
  path: string,
  bytes: number,
): Promise<{ readonly up: unknown; readonly down: string }> {
  const length = path === '/length' ? { 'content-length': bytes } : {}
  const headers = { host: 'app.example.com', ...length }
  const outgoing = request({ path, port, headers, method: 'PUT', agent: false })
  const oracle = new OffsetStream(upKey)
  for (let at = 0; at < bytes; at += pieceBytes) {
    const chunk = oracle.bytes(at, Math.min(pieceBytes, bytes - at))
    if (!outgoing.write(chunk)) await once(outgoing, 'drain')
  }
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const checker = new OffsetChecker(new OffsetStream(downKey), bytes)
  for await (const chunk of response) checker.push(chunk as Buffer)
  return { up: response.headers['x-verdict'], down: checker.verdict().kind }
}
