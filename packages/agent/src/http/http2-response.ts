// An origin's HTTP/1 response head and trailers as HTTP/2 carries them: lower-case names, nothing of the
// hop, no framing.
import type { OutgoingHttpHeaders } from 'node:http2'
import { FieldKind } from './field-kinds.ts'
import type { HeadParser } from './head-parser.ts'
import type { HeaderRules } from './header-rules.ts'
import type { ResponseHead } from './response-head.ts'
import { isTrailer } from './trailer-fields.ts'

const droppedKinds: ReadonlySet<FieldKind> = new Set([
  FieldKind.contentLength,
  FieldKind.transferEncoding,
  FieldKind.connection,
  FieldKind.upgrade,
  FieldKind.hop,
  FieldKind.lookalike,
])

/** Never joined: its values hold commas. */
const setCookie = 'set-cookie'

/** Fields that are no lists: joined they would say something else (RFC 9110 §5.3). The first counts. */
const singular: ReadonlySet<string> = new Set([
  'age',
  'content-disposition',
  'content-location',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
])

export function http2ResponseHeaders(
  parser: HeadParser,
  head: ResponseHead,
  rules: HeaderRules | undefined,
): OutgoingHttpHeaders {
  const headers = new Headers(head.status)
  for (let field = 0; field < parser.fieldCount; field++) {
    if (droppedKinds.has(parser.kind(field))) continue
    const name = parser.nameText(field).toLowerCase()
    if (head.named?.has(name) || rules?.remove.has(name)) continue
    headers.add(name, parser.valueText(field))
  }
  for (const [name, value] of rules?.fields ?? []) headers.add(name.toLowerCase(), value)
  if (head.contentLength !== undefined && head.status !== 204) {
    headers.add('content-length', String(head.contentLength))
  }
  return headers.all
}

export function http2Trailers(trailers: HeadParser): OutgoingHttpHeaders {
  const headers = new Headers(undefined)
  for (let field = 0; field < trailers.fieldCount; field++) {
    const name = trailers.nameText(field)
    if (isTrailer(name, trailers.kind(field))) {
      headers.add(name.toLowerCase(), trailers.valueText(field))
    }
  }
  return headers.all
}

class Headers {
  readonly all: OutgoingHttpHeaders

  constructor(status: number | undefined) {
    this.all = status === undefined ? {} : { ':status': status }
  }

  add(name: string, value: string): void {
    const before = this.all[name]
    if (before === undefined) this.all[name] = value
    else if (name === setCookie) {
      this.all[name] = Array.isArray(before) ? [...before, value] : [String(before), value]
    } else if (!singular.has(name)) this.all[name] = `${String(before)}, ${value}`
  }
}
