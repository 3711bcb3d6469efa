// Listening on a port of the system's choice, and the socket at the other end, as the front door of
// the relay gets it: paused, and half-open when one side ends.
import {
  type AddressInfo,
  type Server,
  type ServerOpts,
  type Socket,
  connect,
  createServer,
} from 'node:net'
import { type TLSSocket, connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { deadline, until } from './deadline.ts'
import { testCertificate } from './test-certificate.ts'

export const listenerOptions: ServerOpts = {
  pauseOnConnect: true,
  allowHalfOpen: true,
  noDelay: true,
}

export interface SocketPair<Accepted extends Socket> extends AsyncDisposable {
  readonly dialled: Socket
  readonly accepted: Accepted
  readonly server: Server
}

/** Disposing destroys the dialled end; the server closes once its socket has. */
function pairOf<Accepted extends Socket>(
  dialled: Socket,
  accepted: Accepted,
  server: Server,
): SocketPair<Accepted> {
  dialled.on('error', () => {})
  return {
    dialled,
    accepted,
    server,
    async [Symbol.asyncDispose]() {
      dialled.destroy()
      accepted.destroy()
      await closed(server)
    },
  }
}

/** Resolves when the server has closed, which it does after its last socket. */
export function closed(server: Server): Promise<void> {
  return deadline(
    new Promise((resolve) => {
      server.close(() => resolve())
    }),
    5_000,
    'close of the server',
  )
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Listens on a port of 127.0.0.1. */
export async function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1')
  await until(server, 'listening')
  return server
}

/** Two ends of a TCP connection; the accepted one has not been read from. */
export async function tcpPair(options: ServerOpts = listenerOptions): Promise<SocketPair<Socket>> {
  const server = await listening(createServer(options))
  const accepting = until(server, 'connection')
  const dialled = connect({
    port: portOf(server),
    host: '127.0.0.1',
    allowHalfOpen: true,
    noDelay: true,
  })
  const connecting = until(dialled, 'connect')
  const [accepted] = (await accepting) as [Socket]
  await connecting
  return pairOf(dialled, accepted, server)
}

/** Two ends of a TLS 1.3 connection. */
export async function tlsPair(): Promise<SocketPair<TLSSocket>> {
  const server = createTlsServer({ ...testCertificate(), allowHalfOpen: true, noDelay: true })
  await listening(server)
  const accepting = until(server, 'secureConnection')
  // Node takes `allowHalfOpen` here, its declarations do not know it.
  const options = {
    port: portOf(server),
    host: '127.0.0.1',
    allowHalfOpen: true,
    rejectUnauthorized: false,
    noDelay: true,
    minVersion: 'TLSv1.3' as const,
  }
  const dialled = connectTls(options)
  const connecting = until(dialled, 'secureConnect')
  const [accepted] = (await accepting) as [TLSSocket]
  await connecting
  return pairOf(dialled, accepted, server)
}

/** What a socket says until it is closed: its bytes, whether FIN came, the code of its error. */
export interface SocketLife {
  readonly bytes: Buffer
  readonly hasEnded: boolean
  readonly errorCode: string | undefined
}

/** Reads a socket to its end; resolves at 'close', or already at FIN when `atEnd` is set. */
export function lifeOf(socket: Socket, options: { atEnd?: boolean } = {}): Promise<SocketLife> {
  const chunks: Buffer[] = []
  const life = { hasEnded: false, errorCode: undefined as string | undefined }
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const done = new Promise<SocketLife>((resolve) => {
    const tell = () => resolve({ bytes: Buffer.concat(chunks), ...life })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      life.errorCode = error.code ?? error.message
    })
    socket.on('end', () => {
      life.hasEnded = true
      if (options.atEnd) tell()
    })
    socket.on('close', tell)
  })
  return deadline(done, 10_000, 'end of the socket')
}
