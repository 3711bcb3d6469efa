// Which trailer fields go on (RFC 9110 §6.5.1): none that frames, routes, authenticates or describes the
// message, since a recipient may merge them into the head after it has acted on it.
import type { ByteBatch } from './byte-batch.ts'
import { FieldKind } from './field-kinds.ts'
import type { HeadParser } from './head-parser.ts'

const refusedNames: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'cookie2',
  'date',
  'expires',
  'location',
  'max-forwards',
  'origin',
  'pragma',
  'range',
  'referer',
  'retry-after',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'trailer',
  'vary',
  'via',
  'warning',
  'www-authenticate',
])

export function isTrailer(name: string, kind: FieldKind): boolean {
  const lower = name.toLowerCase().replaceAll('_', '-')
  return kind === FieldKind.other && !refusedNames.has(lower) && !lower.startsWith('if-')
}

/** The last chunk and the fields behind it that go on. */
export function encodeTrailers(batch: ByteBatch, trailers: HeadParser): void {
  batch.text('0\r\n')
  for (let field = 0; field < trailers.fieldCount; field++) {
    const name = trailers.nameText(field)
    if (!isTrailer(name, trailers.kind(field))) continue
    batch.text(`${name}: ${trailers.valueText(field)}\r\n`)
  }
  batch.text('\r\n')
}
