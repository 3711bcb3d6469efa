// A plain TCP connection to an address of the outside world, by way of the HTTP proxy where there is one.
import { type Socket, connect } from 'node:net'
import { SallyportError, formatHostPort } from '@sallyport/protocol'
import type { HttpProxy } from '../http-proxy.ts'
import { openHttpTunnel } from '../http-tunnel.ts'
import { whyHopMs } from '../limits.ts'
import { causeOf } from '../relay-failure.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

export interface Way {
  readonly host: string
  readonly port: number
}

/** The socket is the receiver's: its `error` has a listener, nothing has been read. @throws SP_UNREACHABLE. */
export async function openWay(
  way: Way,
  proxy: HttpProxy | undefined,
  { clock }: WhyWorld,
): Promise<Socket> {
  const place = formatHostPort(way.host, way.port)
  const late = (): Error =>
    new SallyportError('SP_UNREACHABLE', `${place}: no answer within ${whyHopMs / 1000} s`)
  return await within<Socket>(clock, whyHopMs, late, ({ resolve, reject }) => {
    let isOpen = false
    const opened = (socket: Socket): void => {
      isOpen = true
      socket.on('error', () => {})
      resolve(socket)
    }
    if (proxy) {
      const tunnel = openHttpTunnel(proxy, way, { opened, failed: reject })
      return () => {
        if (!isOpen) tunnel.cancel()
      }
    }
    const socket = connect({ ...way, allowHalfOpen: true, noDelay: true })
    socket.once('connect', () => opened(socket))
    socket.once('error', (error) =>
      reject(new SallyportError('SP_UNREACHABLE', `${place}: ${causeOf(error)}`, { cause: error })),
    )
    return () => {
      if (!isOpen) socket.destroy()
    }
  })
}
