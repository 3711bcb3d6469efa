// What an authority is asked to sign (PKCS #10, RFC 2986 §4): a key and the names, nothing else.
import type { KeyObject } from 'node:crypto'
import {
  alternativeNames,
  explicit,
  integer,
  objectId,
  oid,
  publicKeyInfo,
  sequence,
  set,
  signed,
} from './asn1.ts'

/** DER. `names` are DNS names and IP addresses; the subject stays empty, as authorities like it. */
export function createCertificateRequest(key: KeyObject, names: readonly string[]): Buffer {
  const extensions = set(sequence(alternativeNames(names)))
  const attributes = explicit(0, sequence(objectId(oid.extensionRequest), extensions))
  const version = integer(Buffer.from([0]))
  return signed(sequence(version, sequence(), publicKeyInfo(key), attributes), key)
}
