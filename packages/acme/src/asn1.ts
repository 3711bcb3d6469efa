// The pieces of certificates in ASN.1 (X.690), as binary strings: that is what node-forge takes. Builds
// only; node:crypto makes keys and signatures.
import { type KeyObject, createPublicKey, sign } from 'node:crypto'
import { isIP } from 'node:net'
import asn1, { type Asn1 } from 'node-forge/lib/asn1.js'
import forgeUtil from 'node-forge/lib/util.js'

export type { Asn1 }

export const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  emailAddress: '1.2.840.113549.1.9.1',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  /** RFC 8737 §6.1. */
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
  extensionRequest: '1.2.840.113549.1.9.14',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
} as const

export function universal(type: number, value: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value)
}

export function sequence(...parts: readonly Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts)
}

export function set(part: Asn1): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [part])
}

export function explicit(tag: number, part: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [part])
}

export function implicit(tag: number, value: string): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, value)
}

export function objectId(id: string): Asn1 {
  return universal(asn1.Type.OID, asn1.oidToDer(id).getBytes())
}

export function integer(bytes: Buffer): Asn1 {
  return universal(asn1.Type.INTEGER, bytes.toString('latin1'))
}

export function text(value: string): Asn1 {
  return universal(asn1.Type.UTF8, Buffer.from(value).toString('latin1'))
}

export function ia5(value: string): Asn1 {
  return universal(asn1.Type.IA5STRING, value)
}

export function bitString(bytes: Buffer, unusedBits = 0): Asn1 {
  return universal(asn1.Type.BITSTRING, String.fromCharCode(unusedBits) + bytes.toString('latin1'))
}

/** RFC 5280 §4.1.2.5: two-digit years through 2049, four digits after. */
export function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? universal(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : universal(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date))
}

export function octets(bytes: Buffer): Asn1 {
  return universal(asn1.Type.OCTETSTRING, bytes.toString('latin1'))
}

/** An extension of a certificate (RFC 5280 §4.2). */
export function extension(id: string, isCritical: boolean, value: Asn1): Asn1 {
  const critical = isCritical ? [universal(asn1.Type.BOOLEAN, '\xff')] : []
  return sequence(objectId(id), ...critical, octets(derBytes(value)))
}

/** Names of hosts and addresses (RFC 5280 §4.2.1.6). */
export function alternativeNames(names: readonly string[]): Asn1 {
  const alternatives = names.map((name) => {
    const address = isIP(name) === 0 ? null : forgeUtil.bytesFromIP(name)
    return address === null ? implicit(2, name) : implicit(7, address)
  })
  return extension(oid.subjectAltName, false, sequence(...alternatives))
}

/** The public half of a key, as it stands in certificates. */
export function publicKeyInfo(key: KeyObject): Asn1 {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return asn1.fromDer(der.toString('latin1'))
}

/** `body` with the signature of an ECDSA key: the form of certificates and of requests for them. */
export function signed(body: Asn1, key: KeyObject): Buffer {
  const signature = sign('sha256', derBytes(body), key)
  return derBytes(sequence(body, sequence(objectId(oid.ecdsaWithSha256)), bitString(signature)))
}

export function toPem(der: Buffer, label: string): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

export function derBytes(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}
