// The parts of a multipart body (RFC 2046 §5.1), for display: bounded, and lenient with what is missing.
import type { FieldList } from '../http/field-list.ts'
import { maxParts } from './limits.ts'

export interface Part {
  readonly fields: FieldList
  readonly name: string | undefined
  readonly fileName: string | undefined
  readonly body: Buffer
}

/** Fields of one part: three are usual. */
const maxPartFieldBytes = 8 * 1024

/** @returns undefined when the media type names no boundary, or nothing is between two of them. */
export function parseMultipart(bytes: Buffer, contentType: string): readonly Part[] | undefined {
  const [, quoted, plain] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return undefined
  const mark = `--${boundary}`
  const parts: Part[] = []
  let at = bytes.indexOf(mark)
  while (at !== -1 && parts.length < maxParts) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const isLast = bytes.toString('latin1', at + mark.length, at + mark.length + 2) === '--'
    if (lineEnd === -1 || isLast) break
    const next = bytes.indexOf(`\r\n${mark}`, lineEnd)
    parts.push(parsePart(bytes.subarray(lineEnd + 2, next === -1 ? bytes.length : next)))
    at = next === -1 ? -1 : next + 2
  }
  return parts.length === 0 ? undefined : parts
}

function parsePart(bytes: Buffer): Part {
  const hasNoFields = bytes.subarray(0, 2).toString('latin1') === '\r\n'
  const end = hasNoFields ? 0 : bytes.subarray(0, maxPartFieldBytes).indexOf('\r\n\r\n')
  const head = end === -1 ? '' : bytes.toString('utf8', 0, end)
  const fields = head
    .split('\r\n')
    .filter((line) => line.includes(':'))
    .map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const
    })
  const [, disposition = ''] =
    fields.find(([name]) => name.toLowerCase() === 'content-disposition') ?? []
  return {
    fields,
    name: parameter(disposition, 'name'),
    fileName: parameter(disposition, 'filename'),
    body: bytes.subarray(end === -1 ? 0 : end + (hasNoFields ? 2 : 4)),
  }
}

function parameter(disposition: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;\\s])${name}="([^"]{0,256})"`, 'i').exec(disposition)?.[1]
}
