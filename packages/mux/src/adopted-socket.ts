// The one place that relies on something undocumented: an accepted socket's handle is given to a new
// socket with `onread`, which Node offers only to sockets that dial. Where a Node has no such
// handle, reading falls back to 'data'. adopted-socket.test.ts notices when Node changes.
import { Socket, type SocketConstructorOpts } from 'node:net'

interface Innards {
  _handle?: object | null
  /** The server counts its sockets by this; without it `server.close()` would never finish. */
  _server?: object | null
}

/**
 * The accepted socket as one that reads into `buffer`; `accepted` itself is of no further use.
 * `read` is called with the buffer and the number of bytes; false pauses.
 */
export function wrapAccepted(
  accepted: Socket,
  buffer: Buffer,
  read: (buffer: Buffer, bytes: number) => boolean,
): Socket {
  const innards = innardsOf(accepted)
  const { _handle: handle, _server: server } = innards
  if (!handle) {
    accepted.on('data', (chunk: Buffer) => {
      if (!read(chunk, chunk.length)) accepted.pause()
    })
    return accepted
  }
  const options: Omit<SocketConstructorOpts, 'handle'> & { handle: object } = {
    handle,
    allowHalfOpen: true,
    onread: { buffer, callback: (bytes) => read(buffer, bytes) },
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the declared option knows no plain handle
  const socket = new Socket(options as SocketConstructorOpts)
  innardsOf(socket)._server = server ?? null
  innards._handle = null
  innards._server = null
  return socket
}

function innardsOf(socket: Socket): Innards {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every net.Socket has them; a change shows in the test
  return socket as unknown as Innards
}
