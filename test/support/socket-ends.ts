// A SocketEnd and the plain socket at its other side, of each kind.
import { type Socket, createServer } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type SocketEnd,
  adoptAccepted,
  adoptTls,
  dialSocket,
} from '../../packages/mux/src/socket-end.ts'
import { until } from './deadline.ts'
import { listening, portOf, tcpPair, tlsPair } from './sockets.ts'

/** Both ends: ours and the plain socket at the other side. */
export interface Ends extends AsyncDisposable {
  readonly end: SocketEnd
  readonly peer: Socket
}

/** Of a connection that was accepted. */
export async function accepted(): Promise<Ends> {
  const pair = await tcpPair()
  return endsOf(adoptAccepted(pair.accepted), pair.dialled, pair)
}

/** Of one that was dialled. */
export async function dialled(): Promise<Ends> {
  const server = await listening(createServer({ allowHalfOpen: true }))
  const accepting = until(server, 'connection')
  const end = dialSocket({ port: portOf(server), host: '127.0.0.1' })
  const [peer] = (await accepting) as [Socket]
  server.close()
  return endsOf(end, peer, undefined)
}

/** Of an accepted one inside TLS. */
export async function overTls(): Promise<Ends> {
  const pair = await tlsPair()
  return endsOf(adoptTls(pair.accepted as TLSSocket), pair.dialled, pair)
}

function endsOf(end: SocketEnd, peer: Socket, pair: AsyncDisposable | undefined): Ends {
  peer.on('error', () => {})
  return {
    end,
    peer,
    async [Symbol.asyncDispose]() {
      end.socket.destroy()
      peer.destroy()
      await pair?.[Symbol.asyncDispose]()
    },
  }
}
