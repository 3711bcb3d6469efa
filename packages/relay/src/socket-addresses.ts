// The two addresses of a visitor's socket.
import type { Socket } from 'node:net'
import type { SocketAddressPair } from '@sallyport/protocol'

/** Undefined once the socket is closed. */
export function socketAddresses(
  socket: Socket,
): { readonly visitor: SocketAddressPair; readonly listener: SocketAddressPair } | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  if (localAddress === undefined || localPort === undefined) return undefined
  return {
    visitor: { address: unmapped(remoteAddress), port: remotePort },
    listener: { address: unmapped(localAddress), port: localPort },
  }
}

/** A dual-stack socket names an IPv4 peer ::ffff:a.b.c.d. */
function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
