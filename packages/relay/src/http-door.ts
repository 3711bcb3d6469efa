// The relay's own words in HTTP: on the plain port 301 to https for hosts that somebody serves, 404 for
// all others, and what an authority asks for; on the TLS port 404 for who names no host and finds no bare address served. Knows no
// agents and no streams.
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ListenAddress, formatHost, isHost, splitHostPort } from '@sallyport/protocol'
import type { Gate } from './gate.ts'
import { passVisitor } from './gate-limits.ts'
import { maxUpgradeBytes } from './limits.ts'
import { listen } from './listening.ts'

export interface HttpDoorOptions {
  readonly listen: ListenAddress
  readonly gate: Gate
  /** From the connection to the end of the request's head. */
  readonly timeoutMs: number
  /** The port of the names that are served. */
  readonly httpsPort: number
  isServed(name: string): boolean
  /** What an authority is answered that asks for the token (RFC 8555 §8.3). */
  challengeText(token: string): string | undefined
}

export interface HttpDoor {
  readonly port: number
  /** Ends every socket; resolves when all are closed. */
  close(): Promise<void>
}

const defaultHttpsPort = 443

const challengePath = /^\/\.well-known\/acme-challenge\/([\w-]+)$/

/** @throws {SallyportError} SP_ADDRESS_TAKEN. */
export async function startHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const { gate, httpsPort, isServed, timeoutMs } = options
  const server = createAnswering(timeoutMs, (request, response) => {
    const token = challengePath.exec(request.url ?? '')?.[1]
    const text = token === undefined ? undefined : options.challengeText(token)
    if (text !== undefined) {
      answerText(response, text)
      return
    }
    const name = hostOf(request)
    // Only what stands after the host is taken over, and only where it can mean nothing else.
    if (name === undefined || !request.url?.startsWith('/') || !isServed(name)) {
      answer(response, 404)
      return
    }
    const port = httpsPort === defaultHttpsPort ? '' : `:${httpsPort}`
    answer(response, 301, `https://${formatHost(name)}${port}${request.url}`)
  })
  server.on('connection', (socket: Socket) => void passVisitor(gate, socket))
  const { host, port: wanted } = options.listen
  const port = await listen(server, host, wanted, 'SP_ADDRESS_TAKEN')
  return {
    port,
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      await promise
    },
  }
}

/** Answers whatever comes on a socket of another server with 404. */
export function createNotFound(timeoutMs: number): (socket: Duplex) => void {
  const server = createAnswering(timeoutMs, (_request, response) => answer(response, 404))
  return (socket) => {
    // Node looks after late requests of servers that listen only.
    const late = setTimeout(() => socket.destroy(), timeoutMs)
    socket.once('close', () => clearTimeout(late))
    server.emit('connection', socket)
  }
}

function createAnswering(
  timeoutMs: number,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer({
    maxHeaderSize: maxUpgradeBytes,
    keepAlive: false,
    headersTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    connectionsCheckingInterval: Math.ceil(timeoutMs / 4),
  })
  server.on('request', onRequest)
  server.on('clientError', (_error, socket) => void socket.destroy())
  for (const event of ['connect', 'upgrade'] as const) {
    server.on(event, (_request: IncomingMessage, socket: Duplex) => void socket.destroy())
  }
  return server
}

function answer(response: ServerResponse, status: 301 | 404, location?: string): void {
  response
    .writeHead(status, {
      connection: 'close',
      'content-length': 0,
      ...(location === undefined ? {} : { location }),
    })
    .end()
}

function answerText(response: ServerResponse, text: string): void {
  response
    .writeHead(200, {
      connection: 'close',
      'content-type': 'application/octet-stream',
      'content-length': Buffer.byteLength(text),
    })
    .end(text)
}

/** The host that a request names, without its port. */
function hostOf({ headers }: IncomingMessage): string | undefined {
  const text = headers.host?.toLowerCase() ?? ''
  const parts = splitHostPort(text) ?? { host: text.replace(/^\[(.*)\]$/, '$1') }
  return isHost(parts.host) ? parts.host : undefined
}
