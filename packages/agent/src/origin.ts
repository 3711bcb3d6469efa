// What a route leads to: an address that is dialled, or a server of the embedding program, which
// gets its visitors without any port.
import type { Server } from 'node:net'
import { type Target, formatTarget } from '@sallyport/protocol'
import type { ProxyProtocol } from './origin-preamble.ts'

/** Of an https:// target. */
export interface OriginTls {
  /** Any certificate will do. */
  readonly isInsecure: boolean
  /** PEM: who vouches for it, in place of the system's authorities. */
  readonly ca?: string | undefined
}

export type DialledOrigin = Target & {
  /** The version in which the origin wants to be told of the visitor. */
  readonly proxyProtocol?: ProxyProtocol | undefined
  readonly tls?: OriginTls | undefined
}

/** `server`: a net.Server, an http.Server or any other that takes sockets by 'connection'. */
export type Origin = DialledOrigin | { readonly kind: 'server'; readonly server: Server }

/** The origin in a message: `localhost:3000`. */
export function formatOrigin(origin: Origin): string {
  return origin.kind === 'server' ? 'a server of this program' : formatTarget(origin)
}
