// A certificate of a key of the relay's own. node-forge writes the ASN.1 (RFC 5280 §4.1), node:crypto
// makes the key and the signature. Agents pin the key, and nothing but visitors' browsers looks at the
// names and dates.
import {
  type KeyObject,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto'
import { isIP } from 'node:net'
import asn1, { type Asn1 } from 'node-forge/lib/asn1.js'
import forgeUtil from 'node-forge/lib/util.js'
import { certificateBackdateMs, certificateValidityMs } from './limits.ts'

const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  emailAddress: '1.2.840.113549.1.9.1',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
} as const

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
}

/** A self-signed certificate in PEM. It stays valid for 825 days. */
export function createSelfSigned({ key, names, subject, now }: CertificateOptions): string {
  const algorithm = sequence(objectId(oid.ecdsaWithSha256))
  const name = subjectName(subject)
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
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
    asn1.fromDer(publicKey.toString('latin1')),
    explicit(3, sequence(...extensions(names))),
  )
  const signature = sign('sha256', derBytes(toBeSigned), key)
  const der = derBytes(sequence(toBeSigned, algorithm, bitString(signature)))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
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
  const alternatives = names.map((name) => {
    const address = isIP(name) === 0 ? null : forgeUtil.bytesFromIP(name)
    return address === null ? implicit(2, name) : implicit(7, address)
  })
  return [
    extension(oid.basicConstraints, true, notAnAuthority),
    extension(oid.keyUsage, true, digitalSignature),
    extension(oid.extendedKeyUsage, false, sequence(objectId(oid.serverAuthentication))),
    extension(oid.subjectAltName, false, sequence(...alternatives)),
  ]
}

/** Positive and not zero, as RFC 5280 §4.1.2.2 asks: the first bit is cleared, the second set. */
function randomSerial(): Buffer {
  const serial = randomBytes(serialBytes)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return serial
}

// --- ASN.1, as binary strings: that is what node-forge takes ------------------------------------

function universal(type: number, value: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value)
}

function sequence(...parts: readonly Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts)
}

function set(part: Asn1): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [part])
}

function explicit(tag: number, part: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [part])
}

function implicit(tag: number, value: string): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, value)
}

function objectId(id: string): Asn1 {
  return universal(asn1.Type.OID, asn1.oidToDer(id).getBytes())
}

function integer(bytes: Buffer): Asn1 {
  return universal(asn1.Type.INTEGER, bytes.toString('latin1'))
}

function text(value: string): Asn1 {
  return universal(asn1.Type.UTF8, Buffer.from(value).toString('latin1'))
}

function ia5(value: string): Asn1 {
  return universal(asn1.Type.IA5STRING, value)
}

function bitString(bytes: Buffer, unusedBits = 0): Asn1 {
  return universal(asn1.Type.BITSTRING, String.fromCharCode(unusedBits) + bytes.toString('latin1'))
}

/** RFC 5280 §4.1.2.5: two-digit years through 2049, four digits after. */
function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? universal(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : universal(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date))
}

function extension(id: string, isCritical: boolean, value: Asn1): Asn1 {
  const critical = isCritical ? [universal(asn1.Type.BOOLEAN, '\xff')] : []
  const bytes = universal(asn1.Type.OCTETSTRING, asn1.toDer(value).getBytes())
  return sequence(objectId(id), ...critical, bytes)
}

function derBytes(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}
