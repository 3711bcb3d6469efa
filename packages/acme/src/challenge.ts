// Challenges by which an authority sees that a name is ours, and what answers them: a text on port 80
// (RFC 8555 §8.3), a certificate on port 443 (RFC 8737 §3, RFC 8738 §6) or a DNS record (RFC 8555 §8.4).
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { ipToBytes } from '@sallyport/protocol'
import { extension, octets, oid } from './asn1.ts'
import { createSelfSigned, generateTlsKey } from './self-signed.ts'

/** What doors answer. */
export const challengeTypes = ['tls-alpn-01', 'http-01'] as const
export type DoorChallengeType = (typeof challengeTypes)[number]
/** Names with a `*` are certified by dns-01 only. */
export type ChallengeType = DoorChallengeType | 'dns-01'

export interface Challenge {
  readonly type: ChallengeType
  /** A DNS name or an IP address. */
  readonly name: string
  readonly token: string
  /** The token and the account's key, as RFC 8555 §8.1 joins them. */
  readonly keyAuthorization: string
}

/** Where challenges are answered from. */
export interface ChallengeResponder {
  /** What can be answered here, best first. */
  readonly types: readonly ChallengeType[]
  /** Resolves when the authority finds it. */
  present(challenge: Challenge): void | Promise<void>
  withdraw(challenge: Challenge): void | Promise<void>
}

/** What a TLS-ALPN-01 caller asks for: the name, or for an address its reverse name. */
export function challengeServerName(name: string): string {
  return isIP(name) === 0 ? name : reverseName(name)
}

/** The TXT record that answers dns-01: one of several of its name, where a name and its `*` are asked for. */
export function challengeRecord({ name, keyAuthorization }: Challenge) {
  const value = createHash('sha256').update(keyAuthorization).digest('base64url')
  return { name: `_acme-challenge.${name}`, value }
}

/** Key and certificate for whoever asks for the name by `acme-tls/1`; PEM. */
export function createChallengeCertificate(challenge: Challenge, now: Date) {
  const key = generateTlsKey()
  const digest = createHash('sha256').update(challenge.keyAuthorization).digest()
  const proof = extension(oid.acmeIdentifier, true, octets(digest))
  const cert = createSelfSigned({ key, names: [challenge.name], now, further: [proof] })
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
}

/** RFC 1035 §3.5, RFC 3596 §2.5. */
export function reverseName(address: string): string {
  const bytes = [...(ipToBytes(address) ?? [])]
  if (bytes.length === 4) return `${bytes.toReversed().join('.')}.in-addr.arpa`
  const digits = bytes.flatMap((byte) => [byte >> 4, byte & 15]).toReversed()
  return `${digits.map((digit) => digit.toString(16)).join('.')}.ip6.arpa`
}
