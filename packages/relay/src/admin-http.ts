// The admin port: metrics, health and status for programs on this machine. On the loopback only,
// read-only, and not for web pages: a page may make a browser ask here, under a name of its own.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { type ListenAddress, isLoopback, splitHostPort } from '@sallyport/protocol'
import { adminTimeoutMs, maxAdminSockets, maxUpgradeBytes } from './limits.ts'
import { listen } from './listening.ts'
import type { Metrics } from './metrics.ts'
import type { RelayStatus } from './relay-status.ts'

export interface AdminHttpOptions {
  readonly listen: ListenAddress
  readonly metrics: Metrics
  status(): RelayStatus
}

export interface AdminHttp extends AsyncDisposable {
  readonly port: number
}

/** @throws {SallyportError} SP_ADDRESS_TAKEN. */
export async function startAdminHttp(options: AdminHttpOptions): Promise<AdminHttp> {
  const server = createServer({
    maxHeaderSize: maxUpgradeBytes,
    keepAlive: false,
    headersTimeout: adminTimeoutMs,
    requestTimeout: adminTimeoutMs,
  })
  server.maxConnections = maxAdminSockets
  server.on('request', (request, response) => void answer(request, response, options))
  server.on('clientError', (_error, socket) => void socket.destroy())
  const { host, port } = options.listen
  const bound = await listen(server, host, port, 'SP_ADDRESS_TAKEN')
  return {
    port: bound,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      await promise
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, status }: AdminHttpOptions,
): Promise<void> {
  const say = (code: number, text: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : text)
  }
  if (!isLocal(request)) return say(403, 'for programs on this machine only\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'read-only\n')
  const { url = '' } = request
  switch (url) {
    case '/metrics':
      return say(200, await metrics.collect(), metrics.contentType)
    case '/health': {
      const { state } = status()
      return say(state === 'serving' ? 200 : 503, `${state}\n`)
    }
    case '/status':
      return say(200, `${JSON.stringify({ v: 1, ...status() })}\n`, 'application/json')
    default:
      return say(404, 'there are /metrics, /health and /status\n')
  }
}

/** By a name of the loopback, and not from a page. */
function isLocal({ headers }: IncomingMessage): boolean {
  const text = headers.host ?? ''
  const host = (splitHostPort(text)?.host ?? text).toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return isLoopback(host) && headers.origin === undefined
}
