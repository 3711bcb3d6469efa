// A small HTTP proxy that knows CONNECT only, and keeps what it was asked.
import { type IncomingMessage, createServer } from 'node:http'
import { type Socket, connect } from 'node:net'
import { closed, listening, portOf } from './sockets.ts'

export interface ConnectProxy extends AsyncDisposable {
  readonly port: number
  readonly asked: readonly IncomingMessage[]
}

/** `authorization`: what it wants to see in Proxy-Authorization. */
export async function startConnectProxy(authorization?: string): Promise<ConnectProxy> {
  const asked: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(request)
    socket.on('error', () => {})
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const onward = connect({ host, port: Number(port) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\nX-More: fields\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    sockets.add(onward)
    onward.on('error', () => socket.destroy())
  })
  await listening(server)
  return {
    port: portOf(server),
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await closed(server)
    },
  }
}
