// A further public port that is leased to routes, and closed with the last of them: a listener and how it
// ends. On a tcp route it takes raw bytes, so that the visitor's first byte is the origin's, and hands
// its sockets over unread.
import { type Server, type Socket, createServer } from 'node:net'
import { listen } from './listening.ts'

export interface LeasedPort {
  /** Takes no more visitors; resolves when those who are in have left. */
  close(): Promise<void>
}

/**
 * Listens on a port; `onVisitor` gets paused sockets that nobody has read from.
 * @throws {SallyportError} SP_PORT_TAKEN.
 */
export function openTcpPort(
  host: string,
  port: number,
  onVisitor: (socket: Socket) => void,
): Promise<LeasedPort> {
  const options = { pauseOnConnect: true, allowHalfOpen: true, noDelay: true }
  return openLeasedPort(createServer(options, onVisitor), host, port)
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
