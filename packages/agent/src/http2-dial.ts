// A socket on which node:http2 speaks HTTP/2 to an origin: gRPC servers do so without being asked on
// plain TCP (RFC 9113 §3.3), and by ALPN over TLS.
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { DialledOrigin } from './origin.ts'
import { tlsOptions } from './reach-origin.ts'

/** Returned while it connects; its errors are the caller's to hear. `preamble`: sent before all else. */
export function connectHttp2(origin: DialledOrigin, preamble: Buffer | undefined): Socket {
  const socket = connect(
    origin.kind === 'unix'
      ? { path: origin.path }
      : { host: origin.host, port: origin.port, noDelay: true },
  )
  if (preamble) socket.write(preamble)
  if (origin.kind !== 'https') return socket
  const secure = connectTls({ ...tlsOptions(origin), socket, ALPNProtocols: ['h2'] })
  // Not handed on by itself.
  socket.on('error', (error) => secure.destroy(error))
  return secure
}
