// A further public port that is leased to routes, and closed with the last of them: a listener and how it
// ends. On a tcp route it takes raw bytes, so that the visitor's first byte is the origin's, and hands
// its sockets over unread.
import { type Server, type Socket, createServer } from 'node:net'
import { type SocketAddressPair, isIp } from '@sallyport/protocol'
import { isEveryAddress } from './address.ts'
import { listen } from './listening.ts'

export interface LeasedPort {
  /** Takes no more visitors; resolves when those who are in have left. */
  close(): Promise<void>
}

/**
 * Listens on a port; `onVisitor` gets paused sockets that nobody has read from, and the address they came
 * to, unless that is one of many.
 * @throws {SallyportError} SP_PORT_TAKEN.
 */
export function openTcpPort(
  host: string,
  port: number,
  onVisitor: (socket: Socket, listener: SocketAddressPair | undefined) => void,
): Promise<LeasedPort> {
  const listener = isIp(host) && !isEveryAddress(host) ? { address: host, port } : undefined
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    onVisitor(socket, listener),
  )
  return openLeasedPort(server, host, port)
}

/**
 * Lets `server` listen.
 * @throws {SallyportError} SP_PORT_TAKEN.
 */
export async function openLeasedPort(
  server: Server,
  host: string,
  port: number,
): Promise<LeasedPort> {
  await listen(server, host, port, 'SP_PORT_TAKEN')
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  server.once('close', resolve)
  return {
    close() {
      server.close()
      return closed
    },
  }
}
