// What an origin's response head means in answer to its request: where the body ends, whether the
// connection may be used again, whether a WebSocket begins (RFC 9112 §4, §6.3; RFC 6455 §4.1).
// An origin is trusted more than a visitor, but not to be unambiguous: doubt is SP_ORIGIN_BAD_RESPONSE.
import { createHash } from 'node:crypto'
import { SallyportError } from '@sallyport/protocol'
import { FieldKind } from './field-kinds.ts'
import type { HeadParser } from './head-parser.ts'
import {
  type BodyFraming,
  chunkedBody,
  isChunked,
  isWebSocket,
  noBody,
  noConnectionOptions,
  parseConnectionOptions,
  parseContentLength,
  untilCloseBody,
} from './message-fields.ts'

/** What of a request decides how its response reads. */
export interface ResponseContext {
  readonly isHead: boolean
  readonly webSocketKey: string | undefined
}

export interface ResponseHead {
  readonly status: number
  /** Latin-1, often empty. */
  readonly reason: string
  readonly body: BodyFraming
  /** As the origin says it, also where no body follows (HEAD, 304). */
  readonly contentLength: number | undefined
  readonly isPersistent: boolean
  /** The bytes behind this head are a WebSocket's. */
  readonly isWebSocket: boolean
  readonly named: ReadonlySet<string> | undefined
}

/** 1xx other than 101: another head follows. */
export function isInterim(head: ResponseHead): boolean {
  return head.status < 200 && head.status !== 101
}

/** @throws {SallyportError} SP_ORIGIN_BAD_RESPONSE. */
export function parseResponseHead(parser: HeadParser, context: ResponseContext): ResponseHead {
  const { status, reason, minor } = parseStatusLine(parser)
  let contentLength: number | undefined
  let codings = 0
  let connection: string | undefined
  let upgrade = ''
  let accept = ''
  for (let field = 0; field < parser.fieldCount; field++) {
    const kind = parser.kind(field)
    if (kind === FieldKind.other) continue
    const value = parser.valueText(field)
    if (kind === FieldKind.contentLength) {
      const bytes = parseContentLength(value)
      if (bytes === undefined) throw bad('a malformed Content-Length')
      if (contentLength !== undefined && contentLength !== bytes) {
        throw bad('several Content-Length fields that differ')
      }
      contentLength = bytes
    } else if (kind === FieldKind.transferEncoding) {
      codings++
      if (!isChunked(value)) throw bad('another Transfer-Encoding than chunked')
    } else if (kind === FieldKind.connection) {
      connection = connection === undefined ? value : `${connection},${value}`
    } else if (kind === FieldKind.upgrade) {
      upgrade = value
    } else if (kind === FieldKind.webSocketAccept) {
      accept = value
    }
  }
  if (codings > 1) throw bad('several Transfer-Encoding fields')
  if (codings > 0 && contentLength !== undefined) {
    throw bad('both Content-Length and Transfer-Encoding')
  }
  if (codings > 0 && minor === 0) throw bad('a Transfer-Encoding in HTTP/1.0')
  const options =
    connection === undefined ? noConnectionOptions : parseConnectionOptions(connection)
  if (!options) throw bad('a malformed Connection field')

  if (status === 101) {
    const isRight =
      context.webSocketKey !== undefined &&
      options.hasUpgrade &&
      isWebSocket(upgrade) &&
      accept === webSocketAccept(context.webSocketKey)
    if (!isRight) throw bad('a 101 that answers no request to become a WebSocket')
  }

  const body = bodyOf(status, context, codings > 0, contentLength)
  const mayPersist = minor === 1 ? !options.hasClose : options.hasKeepAlive && !options.hasClose
  return {
    status,
    reason,
    body,
    contentLength,
    isPersistent: mayPersist && body.kind !== 'until-close' && status !== 101,
    isWebSocket: status === 101,
    named: options.named,
  }
}

/** RFC 6455 §4.2.2 (4). */
export function webSocketAccept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function parseStatusLine(parser: HeadParser): { status: number; reason: string; minor: number } {
  const line = parser.bytes.toString('latin1', parser.startLineStart, parser.startLineEnd)
  const minor = line.startsWith('HTTP/1.1 ') ? 1 : line.startsWith('HTTP/1.0 ') ? 0 : undefined
  if (minor === undefined) throw bad('a malformed status line')
  const status = Number(line.slice(9, 12))
  // Some origins leave out the blank before an empty reason.
  const isWhole = line.length === 12 || line[12] === ' '
  if (!/^[1-9][0-9][0-9]$/.test(line.slice(9, 12)) || !isWhole) {
    throw bad('a malformed status line')
  }
  return { status, reason: line.slice(13), minor }
}

function bodyOf(
  status: number,
  context: ResponseContext,
  isChunkedBody: boolean,
  contentLength: number | undefined,
): BodyFraming {
  if (context.isHead || status < 200 || status === 204 || status === 304) return noBody
  if (isChunkedBody) return chunkedBody
  return contentLength === undefined ? untilCloseBody : { kind: 'length', bytes: contentLength }
}

function bad(what: string): SallyportError {
  return new SallyportError('SP_ORIGIN_BAD_RESPONSE', `the origin's response has ${what}`)
}
