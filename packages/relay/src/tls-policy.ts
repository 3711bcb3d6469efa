// How TLS is spoken at the two doors. Agents are ours and speak 1.3; visitors may be older.
import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'

/** AES-128-GCM first: the fastest with AES instructions, and as safe as the others. */
const tls13Ciphers = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
/** TLS 1.2 with forward secrecy and AEAD only (RFC 9325 §4.2). */
const tls12Ciphers = 'ECDHE+AESGCM:ECDHE+CHACHA20'

const common = {
  honorCipherOrder: true,
  // A visitor may not make the relay do a handshake's work again and again.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const

export const agentPolicy: SecureContextOptions = {
  ...common,
  minVersion: 'TLSv1.3',
  ciphers: tls13Ciphers,
}

export const visitorPolicy: SecureContextOptions = {
  ...common,
  minVersion: 'TLSv1.2',
  ciphers: `${tls13Ciphers}:${tls12Ciphers}`,
}
