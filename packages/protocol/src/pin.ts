// What the agent demands of the relay's TLS key: a certain public key (SHA-256 of its
// SubjectPublicKeyInfo, as in RFC 7469 §2.4), or a name that the web's authorities vouch for.
import { createHash } from 'node:crypto'

import { decodeBase64url } from './base64url.ts'
import { badInput, type ErrorCode } from './errors.ts'

/** `digest` is base64url without padding. */
export type Pin = { readonly kind: 'sha256'; readonly digest: string } | { readonly kind: 'webpki' }

const prefix = 'sha256:'

/** The pin of a public key, given as the DER of its SubjectPublicKeyInfo. */
export function computePin(spki: Uint8Array): Pin {
  return { kind: 'sha256', digest: digestOf(spki) }
}

/** True when the key is the pinned one. False for a web-PKI pin, which says nothing about a key. */
export function matchesPin(pin: Pin, spki: Uint8Array): boolean {
  return pin.kind === 'sha256' && pin.digest === digestOf(spki)
}

/** Reads `sha256:<base64url>` or `webpki`. The value is not shown: it stands beside a token. */
export function parsePin(text: string, where: string, code: ErrorCode = 'SP_JOIN_STRING'): Pin {
  if (text === 'webpki') return { kind: 'webpki' }
  const digest = text.startsWith(prefix) ? text.slice(prefix.length) : ''
  if (decodeBase64url(digest, 32) === undefined) {
    throw badInput(code, {
      what: 'pin',
      where,
      right: 'sha256: and 43 characters of A-Z a-z 0-9 - _, or webpki',
    })
  }
  return { kind: 'sha256', digest }
}

export function formatPin(pin: Pin): string {
  return pin.kind === 'webpki' ? 'webpki' : prefix + pin.digest
}

function digestOf(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('base64url')
}
