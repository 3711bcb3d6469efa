// What people write about an authority, for relay and agent alike.
import { type ErrorCode, badInput, isIp } from '@sallyport/protocol'
import { type DoorChallengeType, challengeTypes } from './challenge.ts'

export interface AcmeDirectory {
  readonly url: string
  /** It certifies what the whole internet can reach, and nothing else. */
  readonly isPublic: boolean
}

const known: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
}

/** @throws {SallyportError} of `code`. */
export function parseAcmeDirectory(text: string, where: string, code: ErrorCode): AcmeDirectory {
  const url = known[text.toLowerCase()]
  if (url !== undefined) return { url, isPublic: true }
  if (URL.canParse(text) && new URL(text).protocol === 'https:') {
    return { url: text, isPublic: Object.values(known).includes(text) }
  }
  const right = `${Object.keys(known).join(', ')}, off, or the https URL of a directory (RFC 8555)`
  throw badInput(code, { what: 'certificate authority', where, value: text, right })
}

/** @throws {SallyportError} of `code`. */
export function parseChallenges(
  text: string,
  where: string,
  code: ErrorCode,
): readonly DoorChallengeType[] {
  const named = text.split(',').map((one) => one.trim())
  const found = named.map((name) => challengeTypes.find((type) => type === name))
  if (found.every((type) => type !== undefined)) return [...new Set(found)]
  const right = `one or both of ${challengeTypes.join(',')}`
  throw badInput(code, { what: 'challenge types', where, value: text, right })
}

/** @throws {SallyportError} of `code`. */
export function parseAcmeProfile(text: string, where: string, code: ErrorCode): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text
  const right = 'a word of the authority: letters, digits, - _ .'
  throw badInput(code, { what: 'certificate profile', where, value: text, right })
}

/** @throws {SallyportError} of `code`. */
export function parseEmailAddress(text: string, where: string, code: ErrorCode): string {
  if (/^[!-?A-~]+@[!-?A-~]+$/.test(text)) return text
  throw badInput(code, { what: 'e-mail address', where, value: text, right: 'NAME@HOST in ASCII' })
}

/** RFC 6761, RFC 2606, RFC 9476 and what home routers use. */
const privateEndings = /(^|\.)(localhost|local|test|example|invalid|internal|lan|home\.arpa|alt)$/

/** Loopback, link-local and private networks (RFC 6890, RFC 4193). */
const privateAddresses = [
  /^(0|10|127)\./,
  /^169\.254\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^192\.168\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^::/,
  /^fe[89ab]/,
  /^f[cd]/,
]

/** Why the authority cannot certify a name; undefined when it may. */
export function whyNotCertified(name: string, { isPublic }: AcmeDirectory): string | undefined {
  if (!isPublic) return undefined
  if (isIp(name)) {
    const isPrivate = privateAddresses.some((pattern) => pattern.test(name.toLowerCase()))
    return isPrivate ? 'the address is not of the public internet' : undefined
  }
  const isPrivate = privateEndings.test(name) || !name.includes('.')
  return isPrivate ? 'the name is not of the public internet' : undefined
}
