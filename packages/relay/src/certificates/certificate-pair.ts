// A certificate with its key, as visitors get it: read from PEM, checked, its chain put in order. What
// is odd but usable is told in warnings; what visitors' TLS could not use is refused.
import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto'
import { isIP } from 'node:net'
import { type SecureContext, createSecureContext } from 'node:tls'
import { type BadInput, badInput } from '@sallyport/protocol'
import { maxChainCertificates } from '../limits.ts'
import { visitorPolicy } from '../tls-policy.ts'

/** In the order in which they are preferred where several fit. */
export const certificateSources = ['files', 'acme', 'self-signed'] as const
export type CertificateSource = (typeof certificateSources)[number]

export interface CertificatePair {
  readonly source: CertificateSource
  readonly leaf: X509Certificate
  /** The DNS names and IP addresses that it is for. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly validFromMs: number
  readonly validToMs: number
  readonly context: SecureContext
  /** What the context was made of: tls.Server makes its own for who names nothing. */
  readonly pem: { readonly key: string; readonly cert: string }
  /** What a person should know of it, one sentence each. */
  readonly warnings: readonly string[]
}

export interface PairText {
  readonly source: CertificateSource
  /** PEM. */
  readonly key: string
  /** PEM: the certificate and what leads to its authority. */
  readonly chain: string
  /** For messages. */
  readonly keyPlace: string
  readonly chainPlace: string
}

/** @throws {SallyportError} SP_CONFIG; no message shows the key. */
export function parsePair({ source, key, chain, keyPlace, chainPlace }: PairText): CertificatePair {
  const keyRight = 'a private key in PEM, without a passphrase'
  const privateKey = attempt(() => createPrivateKey(key))
  if (!privateKey) throw wrong({ what: 'private key', where: keyPlace, right: keyRight })
  const place = { what: 'certificate', where: chainPlace } as const
  const texts = chain.match(pemCertificate) ?? []
  if (texts.length === 0 || texts.length > maxChainCertificates) {
    const right = `1 to ${maxChainCertificates} certificates in PEM, not ${texts.length}`
    throw wrong({ ...place, right })
  }
  const certificates = texts.map((text) => attempt(() => new X509Certificate(text)))
  if (!certificates.every((one) => one !== undefined)) {
    throw wrong({ ...place, right: 'certificates in PEM, but one of them is damaged' })
  }
  const leaf = certificates.find((one) => one.checkPrivateKey(privateKey))
  if (!leaf) throw wrong({ ...place, right: `to be of the key in ${keyPlace}` })
  const names = namesOf(leaf)
  if (names.length === 0) throw wrong({ ...place, right: 'to name a host or an address' })
  const ordered = orderChain(leaf, certificates)
  const pem = { key, cert: ordered.map((one) => one.toString()).join('') }
  const context = attempt(() => createSecureContext({ ...visitorPolicy, ...pem }))
  // OpenSSL's security level 1: RSA below 1024 bits, SHA-1.
  if (!context) throw wrong({ ...place, right: 'of a key and a signature that TLS still takes' })
  return {
    source,
    leaf,
    names,
    validFromMs: leaf.validFromDate.getTime(),
    validToMs: leaf.validToDate.getTime(),
    context,
    pem,
    warnings: [...oddities(leaf, privateKey), ...chainOddities(ordered, certificates)],
  }
}

/** Whether visitors who ask for the host name or address may get it. */
export function covers({ leaf }: CertificatePair, host: string): boolean {
  const found = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)
  return found !== undefined
}

/** By its own signature: who may not sign others, as ours, is not its own issuer for OpenSSL. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The alternative names; the common name where there are none, as programs did before browsers. */
function namesOf(leaf: X509Certificate): readonly string[] {
  // Node puts values with commas or control characters in quotes: no name of a host is one.
  const listed = [...(leaf.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^",\s]+)/g)]
  const names = listed.map(([, name = '']) => name.toLowerCase())
  return names.length > 0 ? names : commonNameOf(leaf)
}

function commonNameOf({ subject }: X509Certificate): readonly string[] {
  const [, name] = /^CN=(\S+)$/m.exec(subject ?? '') ?? []
  return name === undefined ? [] : [name.toLowerCase()]
}

/** The certificate first, and after each the one that issued it. */
function orderChain(
  leaf: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain = [leaf]
  for (let last = leaf; ;) {
    const issuer = certificates.find((one) => !chain.includes(one) && last.checkIssued(one))
    if (!issuer) return chain
    chain.push(issuer)
    last = issuer
  }
}

function oddities(leaf: X509Certificate, key: KeyObject): readonly string[] {
  const isRsa = key.asymmetricKeyType === 'rsa'
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  return [
    ...(isRsa ? [`its key is RSA with ${bits} bits: ECDSA P-256 costs visitors less`] : []),
    ...(leaf.subjectAltName === undefined
      ? ['it has a common name and no alternative names: browsers refuse it']
      : []),
  ]
}

function chainOddities(
  ordered: readonly X509Certificate[],
  given: readonly X509Certificate[],
): readonly string[] {
  const [leaf] = ordered
  const isWhole = ordered.length > 1 || (leaf !== undefined && isSelfSigned(leaf))
  const isReordered = ordered.some((one, at) => one !== given[at])
  return [
    ...(isWhole ? [] : ['the certificates that lead to its authority are missing']),
    ...(isReordered ? ['its chain was not in order and is sent in order'] : []),
    ...(ordered.length < given.length
      ? [`${given.length - ordered.length} certificates of the file are not of its chain`]
      : []),
  ]
}

function wrong(bad: BadInput): Error {
  return badInput('SP_CONFIG', bad)
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
