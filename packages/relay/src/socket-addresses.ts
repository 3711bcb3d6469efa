// The two addresses of a visitor's socket.
import type { Socket } from 'node:net'
import type { SocketAddressPair } from '@sallyport/protocol'

/**
 * `listener`: the socket's own end, where it is known; otherwise the kernel is asked. Undefined once the
 * socket is closed.
 */
export function socketAddresses(
  socket: Socket,
  listener?: SocketAddressPair,
): { readonly visitor: SocketAddressPair; readonly listener: SocketAddressPair } | undefined {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  const visitor = { address: unmapped(remoteAddress), port: remotePort }
  if (listener) return { visitor, listener }
  const { localAddress, localPort } = socket
  if (localAddress === undefined || localPort === undefined) return undefined
  return { visitor, listener: { address: unmapped(localAddress), port: localPort } }
}

/** A dual-stack socket names an IPv4 peer ::ffff:a.b.c.d. */
function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
