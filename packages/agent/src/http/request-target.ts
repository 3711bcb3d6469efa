// Request line and target (RFC 9112 §3): a strict look at the line's three parts, and the four forms of
// a target reduced to the two that an origin gets: a path, or `*`.
import { SallyportError } from '@sallyport/protocol'
import { type Authority, parseAuthority } from './authority.ts'
import type { HeadParser } from './head-parser.ts'
import { maxMethodBytes } from './limits.ts'
import { SP, targetOctets, tokenOctets } from './octets.ts'

export interface RequestLine {
  readonly method: string
  /** As it goes to the origin. */
  readonly target: string
  /** True when target and line may be copied as they stand. */
  readonly isVerbatim: boolean
  /** Of an absolute target. */
  readonly authority: Authority | undefined
  /** HTTP/1.x. */
  readonly minor: 0 | 1
}

/** @throws {SallyportError} SP_HTTP_BAD_REQUEST or SP_HTTP_UNSUPPORTED. */
export function parseRequestLine(parser: HeadParser): RequestLine {
  const { bytes, startLineStart: start, startLineEnd: end } = parser
  const methodEnd = runEnd(tokenOctets, bytes, start, end)
  if (methodEnd === start || bytes[methodEnd] !== SP) throw bad('a malformed request line')
  if (methodEnd - start > maxMethodBytes) throw bad('a method longer than any that exists')

  const targetStart = methodEnd + 1
  const targetEnd = runEnd(targetOctets, bytes, targetStart, end)
  if (targetEnd === targetStart || bytes[targetEnd] !== SP) throw bad('a malformed request line')

  const method = bytes.toString('latin1', start, methodEnd)
  const minor = minorVersion(bytes.toString('latin1', targetEnd + 1, end))
  const target = bytes.toString('latin1', targetStart, targetEnd)
  if (method === 'CONNECT') {
    throw new SallyportError('SP_HTTP_UNSUPPORTED', 'the request is a CONNECT')
  }
  if (target.startsWith('/')) {
    return { method, target, isVerbatim: true, authority: undefined, minor }
  }
  if (target === '*') {
    if (method !== 'OPTIONS') throw bad('the target * with another method than OPTIONS')
    return { method, target, isVerbatim: true, authority: undefined, minor }
  }
  return { method, minor, isVerbatim: false, ...absoluteTarget(target, method) }
}

function runEnd(table: Uint8Array, bytes: Buffer, at: number, end: number): number {
  while (at < end && table[bytes[at] ?? 0] === 1) at++
  return at
}

function minorVersion(text: string): 0 | 1 {
  if (text === 'HTTP/1.1') return 1
  if (text === 'HTTP/1.0') return 0
  if (/^HTTP\/[0-9](\.[0-9])?$/.test(text)) {
    throw new SallyportError('SP_HTTP_UNSUPPORTED', `the request speaks ${text}`)
  }
  throw bad('a malformed request line')
}

/** RFC 9112 §3.2.2: an absolute target names the host again, and the origin gets the path alone. */
function absoluteTarget(
  target: string,
  method: string,
): { readonly target: string; readonly authority: Authority } {
  const match = /^https?:\/\/([^/?]*)(.*)$/is.exec(target)
  const authority = parseAuthority(match?.[1] ?? '')
  if (!match || !authority) throw bad('a target of unknown form')
  const rest = match[2] ?? ''
  if (rest === '') return { authority, target: method === 'OPTIONS' ? '*' : '/' }
  return { authority, target: rest.startsWith('/') ? rest : `/${rest}` }
}

function bad(what: string): SallyportError {
  return new SallyportError('SP_HTTP_BAD_REQUEST', `the request has ${what}`)
}
