// A request as HTTP/2 carries it (RFC 9113 §8.3), held to the same rules as one of HTTP/1 before it may be
// written as one: method, path and host are what they seem, no field belongs to a hop or frames anything.
import { SallyportError } from '@sallyport/protocol'
import { type Authority, parseAuthority } from './authority.ts'
import { FieldKind, fieldKindOf } from './field-kinds.ts'
import type { FieldList } from './field-list.ts'
import { maxHeadFields, maxMethodBytes } from './limits.ts'
import { parseContentLength } from './message-fields.ts'
import { isFieldValue, isTarget, isToken } from './octets.ts'
import type { RequestClaims } from './request-claims.ts'

export interface Http2Request {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly authority: Authority
  /** End to end, cookies in one field; no Host, no Content-Length. */
  readonly fields: FieldList
  /** All as they came, without the pseudo-fields: for those who look on. */
  readonly received: FieldList
  readonly claims: RequestClaims
  readonly contentLength: number | undefined
  readonly expectsContinue: boolean
  readonly accept: string | undefined
  readonly isGrpc: boolean
}

/** Kinds that go on to the origin; the edge writes the others itself or not at all. */
const passedKinds: ReadonlySet<FieldKind> = new Set([
  FieldKind.other,
  FieldKind.authorization,
  FieldKind.accept,
])

/** `raw`: names and values in turn, as node:http2 gives them. @throws {SallyportError} */
export function readHttp2Request(raw: readonly string[]): Http2Request {
  const pseudo = new Map<string, string>()
  const received: (readonly [string, string])[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    if (name.startsWith(':')) pseudo.set(name, value)
    else received.push([name, value])
  }
  if (received.length > maxHeadFields) {
    throw new SallyportError('SP_HTTP_HEAD_TOO_LARGE', 'the number of fields is above the bound')
  }
  for (const [name, value] of received) {
    if (!isToken(name) || !isFieldValue(value)) throw bad('a malformed field')
  }
  const method = pseudo.get(':method') ?? ''
  if (method === 'CONNECT') {
    throw new SallyportError('SP_HTTP_UNSUPPORTED', 'the request is a CONNECT')
  }
  if (!isToken(method) || method.length > maxMethodBytes) throw bad('a malformed method')

  const valuesOf = (kind: FieldKind): readonly string[] =>
    received.filter(([name]) => fieldKindOf(name) === kind).map(([, value]) => value)
  const host = hostOf(pseudo.get(':authority'), valuesOf(FieldKind.host))
  const authority = parseAuthority(host)
  if (!authority) throw bad('a malformed host')

  const expectations = valuesOf(FieldKind.expect)
  if (expectations.some((value) => value.toLowerCase() !== '100-continue')) {
    throw new SallyportError('SP_HTTP_UNSUPPORTED', 'the request has an unknown expectation')
  }
  const authorizations = valuesOf(FieldKind.authorization)
  return {
    method,
    path: pathOf(pseudo.get(':path') ?? '', method),
    host,
    authority,
    fields: passedFields(received),
    received,
    claims: {
      forwardedFor: joined(valuesOf(FieldKind.forwardedFor)),
      forwarded: joined(valuesOf(FieldKind.forwarded)),
      authorization: authorizations.length === 1 ? authorizations[0] : undefined,
    },
    contentLength: lengthOf(valuesOf(FieldKind.contentLength)),
    expectsContinue: expectations.length > 0,
    accept: joined(valuesOf(FieldKind.accept)),
    isGrpc: received.some(
      ([name, value]) => name === 'content-type' && /^application\/grpc\b/i.test(value),
    ),
  }
}

function hostOf(authority: string | undefined, hosts: readonly string[]): string {
  const [host] = hosts
  if (hosts.length > 1 || (authority !== undefined && host !== undefined && host !== authority)) {
    throw bad('several hosts')
  }
  return authority ?? host ?? ''
}

function pathOf(path: string, method: string): string {
  const isForm = path.startsWith('/') || (path === '*' && method === 'OPTIONS')
  if (!isForm || !isTarget(path)) throw bad('a malformed path')
  return path
}

function lengthOf(values: readonly string[]): number | undefined {
  const [value] = values
  if (value === undefined) return undefined
  const length = values.length === 1 ? parseContentLength(value) : undefined
  if (length === undefined) throw bad('a malformed content-length')
  return length
}

/** RFC 9113 §8.2.3: HTTP/1 has one Cookie. */
function passedFields(received: FieldList): FieldList {
  const passed = received.filter(([name]) => passedKinds.has(fieldKindOf(name)))
  const cookies = passed.filter(([name]) => name === 'cookie')
  if (cookies.length < 2) return passed
  const cookie = cookies.map(([, value]) => value).join('; ')
  return [...passed.filter(([name]) => name !== 'cookie'), ['cookie', cookie]]
}

function joined(values: readonly string[]): string | undefined {
  const given = values.filter((value) => value !== '')
  return given.length > 0 ? given.join(', ') : undefined
}

function bad(what: string): SallyportError {
  return new SallyportError('SP_HTTP_BAD_REQUEST', `the request has ${what}`)
}
