// How TLS is spoken with visitors whose TLS ends at the agent: as at the relay's front door.
import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'

export const tlsPolicy: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  // AES-128-GCM first: the fastest with AES instructions. TLS 1.2 with forward secrecy and AEAD only
  // (RFC 9325 §4.2).
  ciphers:
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:' +
    'ECDHE+AESGCM:ECDHE+CHACHA20',
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
}
