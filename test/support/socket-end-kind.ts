// How a socket's life ended, as its owner sees it.
import type { Socket } from 'node:net'

/** `end`: the peer's FIN was read before anything broke. `reset`: RST. `broken`: another error. */
export type EndedBy = 'end' | 'reset' | 'broken' | 'destroyed'

/** Resolves when the peer ended it, one way or another, or the owner destroyed it. */
export function endOf(socket: Socket): Promise<EndedBy> {
  return new Promise((resolve) => {
    socket.on('end', () => resolve('end'))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'broken'),
    )
    socket.on('close', () => resolve('destroyed'))
  })
}
