// The https name of a key that asked for none: always the same one, under the relay's host. Where the
// host is an IP address there are no names under it, and whoever asks first gets the address itself.
import { createHash } from 'node:crypto'
import { isIp } from './ip-address.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** 50 bits: among a thousand keys two share a label once in two thousand million relays. */
const labelChars = 10

/** A host name that belongs to the key, or the relay's own address. */
export function assignName(keyId: string, host: string): string {
  if (isIp(host)) return host
  const digest = createHash('sha256').update(keyId).digest()
  const label = Array.from({ length: labelChars }, (_, at) =>
    alphabet.charAt(digest.readUInt8(at) % 32),
  )
  return `${label.join('')}.${host}`
}
