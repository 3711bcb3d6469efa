// The TLS key that agents pin, and its certificate. Visitors see another one (certificates/).
import { type KeyObject, X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { type CertificateSubject, createSelfSigned, generateTlsKey } from '@sallyport/acme'
import { type Pin, computePin } from '@sallyport/protocol'
import type { StateDirectory } from './state-directory.ts'

export interface RelayIdentity {
  /** PEM. */
  readonly key: string
  /** PEM. */
  readonly certificate: string
  readonly pin: Pin
}

/**
 * The key and certificate of D; undefined when neither was made yet.
 * @throws {SallyportError} SP_STATE when one is missing, damaged, not the other's, or open to others.
 */
export async function readIdentity(state: StateDirectory): Promise<RelayIdentity | undefined> {
  const key = await state.read('tls.key')
  const certificate = await state.read('tls.crt')
  if (key === undefined && certificate === undefined) return undefined
  if (key === undefined) throw state.damaged('tls.key', 'to be there beside tls.crt')
  if (certificate === undefined) throw state.damaged('tls.crt', 'to be there beside tls.key')
  const privateKey = attempt(() => createPrivateKey(key))
  if (!privateKey) throw state.damaged('tls.key', 'a private key in PEM')
  const parsed = attempt(() => new X509Certificate(certificate))
  if (!parsed) throw state.damaged('tls.crt', 'a certificate in PEM')
  if (!parsed.checkPrivateKey(privateKey)) throw state.damaged('tls.crt', 'to be of tls.key')
  return createIdentity(key, certificate, privateKey)
}

/** A new key with a self-signed certificate for `host`, a DNS name or an IP address. */
export function generateIdentity(
  host: string,
  now: Date,
  subject?: CertificateSubject,
): RelayIdentity {
  const key = generateTlsKey()
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  return createIdentity(pem, createSelfSigned({ key, names: [host], subject, now }), key)
}

function createIdentity(key: string, certificate: string, privateKey: KeyObject): RelayIdentity {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return { key, certificate, pin: computePin(spki) }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
