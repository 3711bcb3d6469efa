// Self-signed certificates (RFC 5280 §4.1): the relay's own, and the one that answers a TLS-ALPN-01
// challenge. Agents pin the key of theirs; nothing but visitors' browsers looks at names and dates.
import { type KeyObject, generateKeyPairSync, randomBytes } from 'node:crypto'
import {
  type Asn1,
  alternativeNames,
  bitString,
  explicit,
  extension,
  ia5,
  integer,
  objectId,
  oid,
  publicKeyInfo,
  sequence,
  set,
  signed,
  text,
  time,
  toPem,
} from './asn1.ts'
import { certificateBackdateMs, certificateValidityMs } from './limits.ts'

/** Fixed, because a common name ends at 64 characters and a host name at 253. */
const commonName = 'Sallyport relay'

/** 128 random bits, far above the 64 that keep serial numbers unpredictable. */
const serialBytes = 16

/** Makes a key for TLS: ECDSA P-256, the curve that every visitor's TLS knows. */
export function generateTlsKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/** Whose certificate it is, for people who look at it. */
export interface CertificateSubject {
  /** At most maxOrganizationChars. */
  readonly organization?: string | undefined
  /** ASCII. */
  readonly emailAddress?: string | undefined
}

export interface CertificateOptions {
  readonly key: KeyObject
  /** DNS names, `*.` of one, and IP addresses (without brackets); at least one. */
  readonly names: readonly string[]
  readonly subject?: CertificateSubject | undefined
  readonly now: Date
  /** Further extensions. */
  readonly further?: readonly Asn1[]
}

/** A self-signed certificate in PEM. It stays valid for 825 days. */
export function createSelfSigned(options: CertificateOptions): string {
  const { key, names, subject, now, further = [] } = options
  const algorithm = sequence(objectId(oid.ecdsaWithSha256))
  const name = subjectName(subject)
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(randomSerial()),
    algorithm,
    name,
    sequence(
      time(new Date(now.getTime() - certificateBackdateMs)),
      time(new Date(now.getTime() + certificateValidityMs)),
    ),
    name,
    publicKeyInfo(key),
    explicit(3, sequence(...extensions(names), ...further)),
  )
  return toPem(signed(toBeSigned, key), 'CERTIFICATE')
}

function subjectName({ organization, emailAddress }: CertificateSubject = {}): Asn1 {
  const attribute = (id: string, value: Asn1): Asn1 => set(sequence(objectId(id), value))
  return sequence(
    ...(organization === undefined ? [] : [attribute(oid.organization, text(organization))]),
    attribute(oid.commonName, text(commonName)),
    ...(emailAddress === undefined ? [] : [attribute(oid.emailAddress, ia5(emailAddress))]),
  )
}

function extensions(names: readonly string[]): readonly Asn1[] {
  // Not a certificate authority: one that is may not be a server's own certificate (Firefox).
  const notAnAuthority = sequence()
  const digitalSignature = bitString(Buffer.from([0x80]), 7)
  return [
    extension(oid.basicConstraints, true, notAnAuthority),
    extension(oid.keyUsage, true, digitalSignature),
    extension(oid.extendedKeyUsage, false, sequence(objectId(oid.serverAuthentication))),
    alternativeNames(names),
  ]
}

/** Positive and not zero, as RFC 5280 §4.1.2.2 asks: the first bit is cleared, the second set. */
function randomSerial(): Buffer {
  const serial = randomBytes(serialBytes)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return serial
}
