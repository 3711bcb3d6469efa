// The certificate for visitors while there is no better one: self-signed, of a key that is not the
// agents'. It names what tls.crt names and whose it is, and is made anew before it expires. Where
// tls.crt itself comes from an authority, visitors get that one.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type CertificateSubject, createSelfSigned, generateTlsKey } from '@sallyport/acme'
import { ownCertificateRenewalMs } from '../limits.ts'
import type { RelayIdentity } from '../relay-identity.ts'
import type { StateDirectory } from '../state-directory.ts'
import { type CertificatePair, covers, isSelfSigned, parsePair } from './certificate-pair.ts'

/** Who is called localhost has these addresses too (RFC 6761 §6.3). */
const ofLocalhost = ['127.0.0.1', '::1']

/**
 * The certificate kept in D, or a new one that is kept there.
 * @throws {SallyportError} SP_STATE when it cannot be read or written.
 */
export async function keepOwnCertificate(
  state: StateDirectory,
  identity: RelayIdentity,
  host: string,
  now: Date,
): Promise<CertificatePair> {
  const pinned = new X509Certificate(identity.certificate)
  if (!isSelfSigned(pinned)) return identityPair(identity)
  const names = namesOf(pinned, host)
  const kept = await readKept(state)
  const isGood =
    kept !== undefined &&
    kept.validToMs - now.getTime() > ownCertificateRenewalMs &&
    names.every((name) => kept.names.includes(name) || covers(kept, name))
  if (isGood) return kept

  const key = generateTlsKey()
  const certificate = createSelfSigned({ key, names, subject: subjectOf(pinned), now })
  // One without the other is made anew at the next start.
  await state.write('visitors.key', key.export({ type: 'pkcs8', format: 'pem' }).toString())
  await state.write('visitors.crt', certificate)
  return parsePair({
    source: 'self-signed',
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chain: certificate,
    keyPlace: state.file('visitors.key'),
    chainPlace: state.file('visitors.crt'),
  })
}

/** The agents' key and certificate for visitors as well. */
export function identityPair({ key, certificate }: RelayIdentity): CertificatePair {
  const places = { keyPlace: 'the TLS key', chainPlace: 'the certificate of the TLS key' }
  return parsePair({ source: 'self-signed', key, chain: certificate, ...places })
}

async function readKept(state: StateDirectory): Promise<CertificatePair | undefined> {
  const key = await state.read('visitors.key')
  const chain = await state.read('visitors.crt')
  if (key === undefined || chain === undefined) return undefined
  const [keyPlace, chainPlace] = [state.file('visitors.key'), state.file('visitors.crt')]
  try {
    return parsePair({ source: 'self-signed', key, chain, keyPlace, chainPlace })
  } catch {
    // Nobody pins it: another one is as good.
    return undefined
  }
}

/** Those of the pinned certificate, and the relay's host with the names that it gives out under it. */
function namesOf(pinned: X509Certificate, host: string): readonly string[] {
  const listed = [...(pinned.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^",\s]+)/g)]
  const under = isIP(host) === 0 ? [`*.${host}`] : []
  const local = host === 'localhost' ? ofLocalhost : []
  return [
    ...new Set([...listed.map(([, name = '']) => name.toLowerCase()), host, ...under, ...local]),
  ]
}

function subjectOf({ subject }: X509Certificate): CertificateSubject {
  const [, organization] = /^O=(.+)$/m.exec(subject ?? '') ?? []
  const [, emailAddress] = /^emailAddress=(.+)$/m.exec(subject ?? '') ?? []
  return { organization, emailAddress }
}
