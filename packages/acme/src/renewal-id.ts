// The one thing that is read out of a certificate which node:crypto does not tell: who issued it, as the
// identifier of renewal information wants it (RFC 9773 §4.1).
import { X509Certificate } from 'node:crypto'
import asn1, { type Asn1 } from 'node-forge/lib/asn1.js'

const authorityKeyIdentifier = '2.5.29.35'
/** [3] of TBSCertificate, [0] of AuthorityKeyIdentifier. */
const [extensionsTag, keyIdentifierTag] = [3, 0]

/**
 * `AKI.SERIAL`, both base64url; undefined for a certificate without its issuer's key identifier.
 * @throws what node:crypto throws for no certificate.
 */
export function renewalId(pem: string): string | undefined {
  const certificate = new X509Certificate(pem)
  const [body] = partsOf(asn1.fromDer(certificate.raw.toString('latin1')))
  const extensions = partsOf(find(partsOf(body), extensionsTag))[0]
  for (const one of partsOf(extensions)) {
    const [id, ...rest] = partsOf(one)
    if (typeof id?.value !== 'string' || asn1.derToOid(id.value) !== authorityKeyIdentifier) {
      continue
    }
    const content = rest.at(-1)?.value
    if (typeof content !== 'string') return undefined
    const key = find(partsOf(asn1.fromDer(content)), keyIdentifierTag)?.value
    if (typeof key !== 'string') return undefined
    const issuer = Buffer.from(key, 'latin1').toString('base64url')
    return `${issuer}.${serialOf(certificate).toString('base64url')}`
  }
  return undefined
}

/** As DER has it: a number whose first bit is set begins with a zero. */
function serialOf({ serialNumber }: X509Certificate): Buffer {
  const even = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`
  const bytes = Buffer.from(even, 'hex')
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes])
}

function find(parts: readonly Asn1[], tag: number): Asn1 | undefined {
  return parts.find(
    ({ tagClass, type }) => tagClass === asn1.Class.CONTEXT_SPECIFIC && type === tag,
  )
}

function partsOf(value: Asn1 | undefined): readonly Asn1[] {
  return value === undefined || typeof value.value === 'string' ? [] : value.value
}
