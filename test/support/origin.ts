// The service behind the agent, in the test's own process, so that a test sees what an origin sees.
import { once } from 'node:events'
import { type Server, type Socket, createServer } from 'node:net'
import { type EndedBy, endOf } from './socket-end-kind.ts'

export interface Origin extends AsyncDisposable {
  readonly port: number
  /** Every connection so far, in order. */
  readonly sockets: readonly Socket[]
  /** How a connection ended; resolves when it did. */
  endOf(index: number): Promise<EndedBy>
}

/** Listens on a port of 127.0.0.1, a free one by default; `serve` gets each connection, half-open allowed. */
export async function startOrigin(serve: (socket: Socket) => void, port = 0): Promise<Origin> {
  const sockets: Socket[] = []
  const ends: Promise<EndedBy>[] = []
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    ends.push(endOf(socket))
    serve(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    sockets,
    endOf: (index) => ends[index] ?? Promise.reject(new Error(`no connection ${index}`)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Gives back what it gets, and its end. */
export function echo(socket: Socket): void {
  socket.pipe(socket)
}

/** Reads to the visitor's FIN, and answers only then. */
export function answerAtEnd(answer: (received: Buffer) => Buffer): (socket: Socket) => void {
  return (socket) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end(answer(Buffer.concat(chunks))))
  }
}
