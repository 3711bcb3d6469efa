// What a visitor's TLS says of it, for the PROXY header.
import type { TLSSocket } from 'node:tls'
import type { VisitorFacts } from './visitor.ts'

export function tlsFacts(
  socket: TLSSocket,
  sni: string | undefined,
): Pick<VisitorFacts, 'alpn' | 'sni' | 'tls'> {
  const alpn = socket.alpnProtocol
  const version = socket.getProtocol()
  return {
    ...(typeof alpn === 'string' && alpn !== '' ? { alpn } : {}),
    ...(sni === undefined ? {} : { sni }),
    ...(version === null ? {} : { tls: { version } }),
  }
}
