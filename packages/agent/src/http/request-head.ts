// What a visitor's request head means, strictly: where its body ends, whom it asks, whether the
// connection goes on (RFC 9112 §3, §6, §9.3). Anything that two readers could take differently is
// refused here, so that the editor can pass the rest on.
import { SallyportError } from '@sallyport/protocol'
import { type Authority, isSameAuthority, parseAuthority } from './authority.ts'
import { FieldKind } from './field-kinds.ts'
import type { HeadParser } from './head-parser.ts'
import {
  type BodyFraming,
  type ConnectionOptions,
  chunkedBody,
  isChunked,
  isWebSocket,
  noBody,
  noConnectionOptions,
  parseConnectionOptions,
  parseContentLength,
} from './message-fields.ts'
import { type RequestLine, parseRequestLine } from './request-target.ts'

export interface RequestHead {
  readonly line: RequestLine
  /** As written in Host, or undefined (HTTP/1.0). */
  readonly host: string | undefined
  readonly authority: Authority | undefined
  readonly body: BodyFraming
  /** The visitor lets its connection stand after the answer. */
  readonly isPersistent: boolean
  /** The Sec-WebSocket-Key of a well-formed request to go on as a WebSocket. */
  readonly webSocketKey: string | undefined
  readonly expectsContinue: boolean
  readonly accept: string | undefined
  /** Fields that Connection names, in lower case: not for the origin. */
  readonly named: ReadonlySet<string> | undefined
}

/** True when bytes of a body follow the head. */
export function hasBody(request: RequestHead): boolean {
  return request.body.kind === 'chunked' || request.body.bytes > 0
}

/** Fields that Connection may not name: without them the message would mean something else. */
const notNameable = ['host', 'content-length', 'transfer-encoding']

/** The port of https: what a Host without one means. */
const defaultPort = 443

/** What one pass over the fields finds; a count tells a field that came twice. */
interface Found {
  hosts: number
  host: string
  lengths: number
  length: string
  codings: number
  coding: string
  connection: string | undefined
  upgrades: number
  upgrade: string
  expectation: string | undefined
  keys: number
  key: string
  accept: string | undefined
}

/** @throws {SallyportError} SP_HTTP_BAD_REQUEST or SP_HTTP_UNSUPPORTED. */
export function parseRequestHead(parser: HeadParser): RequestHead {
  const line = parseRequestLine(parser)
  const found = findFields(parser)
  if (found.hosts > 1) throw bad('several Host fields')
  const body = bodyOf(found, line)
  const authority = authorityOf(found, line)
  const options =
    found.connection === undefined ? noConnectionOptions : parseConnectionOptions(found.connection)
  if (!options) throw bad('a malformed Connection field')
  if (options.named && notNameable.some((name) => options.named?.has(name))) {
    throw bad('a Connection field that names what frames the message')
  }

  return {
    line,
    host: found.hosts === 1 ? found.host : undefined,
    authority,
    body,
    isPersistent: line.minor === 1 ? !options.hasClose : options.hasKeepAlive && !options.hasClose,
    webSocketKey: webSocketKeyOf(found, line, options, body),
    expectsContinue: expectsContinue(found, line, body),
    accept: found.accept,
    named: options.named,
  }
}

function findFields(parser: HeadParser): Found {
  const found: Found = {
    hosts: 0,
    host: '',
    lengths: 0,
    length: '',
    codings: 0,
    coding: '',
    connection: undefined,
    upgrades: 0,
    upgrade: '',
    expectation: undefined,
    keys: 0,
    key: '',
    accept: undefined,
  }
  for (let field = 0; field < parser.fieldCount; field++) {
    const kind = parser.kind(field)
    if (kind === FieldKind.other) continue
    const value = parser.valueText(field)
    if (kind === FieldKind.host) {
      found.hosts++
      found.host = value
    } else if (kind === FieldKind.accept) {
      found.accept = joined(found.accept, value)
    } else if (kind === FieldKind.connection) {
      found.connection = joined(found.connection, value)
    } else if (kind === FieldKind.contentLength) {
      found.lengths++
      found.length = value
    } else if (kind === FieldKind.transferEncoding) {
      found.codings++
      found.coding = value
    } else if (kind === FieldKind.upgrade) {
      found.upgrades++
      found.upgrade = value
    } else if (kind === FieldKind.expect) {
      found.expectation = joined(found.expectation, value)
    } else if (kind === FieldKind.webSocketKey) {
      found.keys++
      found.key = value
    }
  }
  return found
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}

/** RFC 9112 §6.3, with no benefit of the doubt. */
function bodyOf(found: Found, line: RequestLine): BodyFraming {
  if (found.codings > 0) {
    if (found.lengths > 0) throw bad('both Content-Length and Transfer-Encoding')
    if (line.minor === 0) throw bad('a Transfer-Encoding in HTTP/1.0')
    if (found.codings > 1 || !isChunked(found.coding)) {
      throw bad('another Transfer-Encoding than chunked')
    }
  } else {
    if (found.lengths === 0) return noBody
    if (found.lengths > 1) throw bad('several Content-Length fields')
  }
  if (line.method === 'TRACE') throw bad('a body in a TRACE')
  if (found.codings > 0) return chunkedBody

  const bytes = parseContentLength(found.length)
  if (bytes === undefined) throw bad('a malformed Content-Length')
  return { kind: 'length', bytes }
}

/** RFC 9112 §3.2; an absolute target has to name the same host as Host. */
function authorityOf(found: Found, line: RequestLine): Authority | undefined {
  if (found.hosts === 0) {
    if (line.minor === 1) throw bad('no Host field')
    return line.authority
  }
  const authority = parseAuthority(found.host)
  if (!authority) throw bad('a malformed Host field')
  if (line.authority && !isSameAuthority(line.authority, authority, defaultPort)) {
    throw bad('a target that names another host than Host')
  }
  return authority
}

/** Anything short of a well-formed handshake is an ordinary request, and loses its Upgrade. */
function webSocketKeyOf(
  found: Found,
  line: RequestLine,
  options: ConnectionOptions,
  body: BodyFraming,
): string | undefined {
  const isAsked =
    options.hasUpgrade &&
    found.upgrades === 1 &&
    isWebSocket(found.upgrade) &&
    found.keys === 1 &&
    found.key !== ''
  const mayBe = line.method === 'GET' && line.minor === 1 && body.bytes === 0
  return isAsked && mayBe && body.kind !== 'chunked' ? found.key : undefined
}

/** RFC 9110 §10.1.1. Without a body there is nothing to wait for, and HTTP/1.0 knows no such thing. */
function expectsContinue(found: Found, line: RequestLine, body: BodyFraming): boolean {
  if (found.expectation === undefined || line.minor === 0) return false
  if (found.expectation.toLowerCase() !== '100-continue') {
    throw new SallyportError('SP_HTTP_UNSUPPORTED', 'the request has an unknown expectation')
  }
  return body.kind === 'chunked' || body.bytes > 0
}

function bad(what: string): SallyportError {
  return new SallyportError('SP_HTTP_BAD_REQUEST', `the request has ${what}`)
}
