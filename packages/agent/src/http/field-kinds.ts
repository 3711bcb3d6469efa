// Which header fields the edge acts on (RFC 9110 §7.6.1, RFC 9112 §6, RFC 7239), found by the bytes of
// their names without making a string. What happens to each kind is decided by the editors.
import { foldedOctets } from './octets.ts'

export const FieldKind = {
  /** End to end: passed on as it is. */
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  /** Hop by hop and of no further use: dropped. */
  hop: 7,
  forwardedFor: 8,
  forwarded: 9,
  /** A claim about the visitor or the way that only a proxy may make: dropped. */
  claim: 10,
  /** A name that a CGI-like origin would fold into one of the above framing fields: dropped. */
  lookalike: 11,
  authorization: 12,
  accept: 13,
  webSocketKey: 14,
  webSocketAccept: 15,
} as const
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind]

const kindsByName: Readonly<Record<string, FieldKind>> = {
  host: FieldKind.host,
  'content-length': FieldKind.contentLength,
  'transfer-encoding': FieldKind.transferEncoding,
  connection: FieldKind.connection,
  upgrade: FieldKind.upgrade,
  expect: FieldKind.expect,
  te: FieldKind.hop,
  'keep-alive': FieldKind.hop,
  'proxy-connection': FieldKind.hop,
  'proxy-authenticate': FieldKind.hop,
  'proxy-authorization': FieldKind.hop,
  'http2-settings': FieldKind.hop,
  'x-forwarded-for': FieldKind.forwardedFor,
  forwarded: FieldKind.forwarded,
  'x-real-ip': FieldKind.claim,
  'x-client-ip': FieldKind.claim,
  'x-cluster-client-ip': FieldKind.claim,
  'x-original-forwarded-for': FieldKind.claim,
  'x-originating-ip': FieldKind.claim,
  'x-remote-ip': FieldKind.claim,
  'x-remote-addr': FieldKind.claim,
  'x-url-scheme': FieldKind.claim,
  'client-ip': FieldKind.claim,
  'true-client-ip': FieldKind.claim,
  'cf-connecting-ip': FieldKind.claim,
  'fastly-client-ip': FieldKind.claim,
  'front-end-https': FieldKind.claim,
  // httpoxy: a CGI origin takes it for HTTP_PROXY of its environment.
  proxy: FieldKind.claim,
  authorization: FieldKind.authorization,
  accept: FieldKind.accept,
  'sec-websocket-key': FieldKind.webSocketKey,
  'sec-websocket-accept': FieldKind.webSocketAccept,
}

/** Every `x-forwarded-…` is a claim, also those that nobody has invented yet. */
const claimPrefix = Buffer.from('x-forwarded-')

interface Candidate {
  readonly name: Uint8Array
  readonly kind: FieldKind
}

const candidatesByLength: readonly (readonly Candidate[])[] = Array.from(
  { length: 32 },
  (_, size) =>
    Object.entries(kindsByName)
      .filter(([name]) => name.length === size)
      .map(([name, kind]) => ({ name: Buffer.from(name), kind })),
)
const none: readonly Candidate[] = []

/** The kind of the field whose name stands at [start, end). */
export function fieldKindAt(bytes: Uint8Array, start: number, end: number): FieldKind {
  for (const { name, kind } of candidatesByLength[end - start] ?? none) {
    if (startsWithFolded(bytes, start, name)) {
      return isSpelledOut(bytes, start, name) ? kind : lookalikeOf(kind)
    }
  }
  if (end - start >= claimPrefix.length && startsWithFolded(bytes, start, claimPrefix)) {
    return FieldKind.claim
  }
  return FieldKind.other
}

/** The kind of a field by its name as text, for fields that do not come from a head's bytes. */
export function fieldKindOf(name: string): FieldKind {
  const bytes = Buffer.from(name, 'latin1')
  return fieldKindAt(bytes, 0, bytes.length)
}

function lookalikeOf(kind: FieldKind): FieldKind {
  if (kind >= FieldKind.authorization) return FieldKind.other
  return kind >= FieldKind.forwardedFor ? FieldKind.claim : FieldKind.lookalike
}

function startsWithFolded(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if (foldedOctets[bytes[start + index] ?? 0] !== name[index]) return false
  }
  return true
}

/** Of a name that matched when folded: true when every `-` is written as one. */
function isSpelledOut(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if (name[index] === 0x2d && bytes[start + index] !== 0x2d) return false
  }
  return true
}
