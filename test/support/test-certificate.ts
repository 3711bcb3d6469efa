// A self-signed certificate for localhost, made anew in each test process: no key lies in the
// repository. Just enough DER (X.690) for RFC 5280; the relay's own certificates are another matter.
import { type KeyObject, generateKeyPairSync, sign } from 'node:crypto'

export interface TestCertificate {
  readonly key: string
  readonly cert: string
}

let made: TestCertificate | undefined

/** The certificate of this process, ECDSA P-256. */
export function testCertificate(): TestCertificate {
  made ??= make()
  return made
}

const tag = {
  integer: 2,
  bits: 3,
  oid: 6,
  utf8: 12,
  utcTime: 23,
  sequence: 0x30,
  set: 0x31,
} as const

function make(): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = der(tag.sequence, der(tag.oid, Buffer.from('2a8648ce3d040302', 'hex')))
  const commonName = der(tag.oid, Buffer.from('550403', 'hex'))
  const name = der(
    tag.sequence,
    der(tag.set, der(tag.sequence, commonName, der(tag.utf8, Buffer.from('localhost')))),
  )
  const validity = der(tag.sequence, time('250101000000Z'), time('491231235959Z'))
  const body = der(
    tag.sequence,
    der(tag.integer, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    validity,
    name,
    spki(publicKey),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = der(
    tag.sequence,
    body,
    ecdsaWithSha256,
    der(tag.bits, Buffer.from([0]), signature),
  )
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(certificate),
  }
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

function time(text: string): Buffer {
  return der(tag.utcTime, Buffer.from(text))
}

function der(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const long = body.length < 0x80 ? [] : body.length < 0x100 ? [0x81] : [0x82, body.length >> 8]
  return Buffer.concat([Buffer.from([type, ...long, body.length & 0xff]), body])
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
}
