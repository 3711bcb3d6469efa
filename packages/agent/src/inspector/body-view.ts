// A captured body made readable: decoded, recognised and pretty-printed for the page.
import { isUtf8 } from 'node:buffer'
import type { FieldList } from '../http/field-list.ts'
import type { CapturedBody } from './captured-body.ts'
import { decodeBody } from './decode-body.ts'
import { fieldValue } from './exchange.ts'
import { hexDump } from './hex-dump.ts'
import {
  maxFormFields,
  maxHexBytes,
  maxImageBytes,
  maxPrettyChars,
  maxTextChars,
} from './limits.ts'
import { type Part, parseMultipart } from './multipart.ts'
import { prettyJson } from './pretty-json.ts'
import { prettyXml } from './pretty-xml.ts'
import { visibleText } from './visible-text.ts'
import type { BodyView, PartView } from './wire.ts'

/** Images that cannot carry a script; SVG is shown as the XML it is. */
const images: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/x-icon',
  'image/vnd.microsoft.icon',
])

type Shown = Pick<BodyView, 'kind' | 'text' | 'form' | 'parts' | 'image'>

/** `fields`: those of the message. */
export async function viewBody(fields: FieldList, body: CapturedBody): Promise<BodyView> {
  const contentType = fieldValue(fields, 'content-type') ?? ''
  const coding = fieldValue(fields, 'content-encoding')
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const seen = { mediaType, seenBytes: body.seen, keptBytes: body.bytes.length }
  if (body.seen === 0) return { ...seen, kind: 'empty', notes: [] }

  const notes: string[] = []
  if (body.isCut) notes.push(`Only the first ${body.bytes.length} bytes were kept.`)
  const kept = body.bytes
  const decoded = await decodeBody(kept, coding)
  if (decoded.problem !== undefined) notes.push(`Not decoded: ${decoded.problem}.`)
  else if (decoded.bytes !== kept) {
    notes.push(`${coding ?? ''}, ${decoded.bytes.length} bytes decoded.`)
  }
  if (decoded.isCut) notes.push('It goes on, and was decoded no further.')

  const isWhole = !body.isCut && decoded.problem === undefined && !decoded.isCut
  const shown = show(decoded.bytes, mediaType, contentType, isWhole, notes)
  const isEditable = isWhole && coding === undefined && isUtf8(decoded.bytes)
  return {
    ...seen,
    ...shown,
    notes,
    ...(isEditable && { editable: decoded.bytes.toString('utf8') }),
  }
}

/** A view without fields to go by: what one side of a WebSocket sent. */
export function viewBytes(body: CapturedBody): BodyView {
  const notes = body.isCut ? [`Only the first ${body.bytes.length} bytes were kept.`] : []
  const seen = { mediaType: '', seenBytes: body.seen, keptBytes: body.bytes.length }
  if (body.seen === 0) return { ...seen, kind: 'empty', notes }
  return { ...seen, ...showHex(body.bytes, notes), notes }
}

function show(
  bytes: Buffer,
  mediaType: string,
  contentType: string,
  isWhole: boolean,
  notes: string[],
): Shown {
  if (images.has(mediaType) && isWhole && bytes.length <= maxImageBytes) {
    return { kind: 'image', image: `data:${mediaType};base64,${bytes.toString('base64')}` }
  }
  if (mediaType.startsWith('multipart/')) {
    const parts = parseMultipart(bytes, contentType)
    if (parts) return { kind: 'multipart', parts: parts.map(viewPart) }
  }
  const text = asText(bytes, isWhole)
  if (text === undefined) return showHex(bytes, notes)
  if (mediaType === 'application/x-www-form-urlencoded') return showForm(text, notes)
  const isJson = /[/+]json$/.test(mediaType)
  const isXml = /[/+]xml$/.test(mediaType)
  const looksLikeJson = isJson || /^\s*[{[]/.test(text)
  if (text.length > maxPrettyChars) {
    if (looksLikeJson || isXml) notes.push('It is too long to be laid out.')
  } else if (looksLikeJson) {
    const pretty = prettyJson(text)
    if (pretty !== undefined) return { kind: 'json', text: shorten(visibleText(pretty), notes) }
    if (isJson && isWhole) notes.push('It is not valid JSON.')
  } else if (isXml) {
    return { kind: 'xml', text: shorten(visibleText(prettyXml(text)), notes) }
  }
  return { kind: 'text', text: shorten(visibleText(text), notes) }
}

function showForm(text: string, notes: string[]): Shown {
  const pairs = text.split('&', maxFormFields + 1)
  if (pairs.length > maxFormFields) notes.push(`The first ${maxFormFields} fields are shown.`)
  const form = [...new URLSearchParams(pairs.slice(0, maxFormFields).join('&'))]
  return {
    kind: 'form',
    form: form.map(([name, value]) => [visibleText(name), visibleText(value)]),
    text: shorten(visibleText(text), notes),
  }
}

function showHex(bytes: Buffer, notes: string[]): Shown {
  if (bytes.length > maxHexBytes) notes.push(`The first ${maxHexBytes} bytes are shown.`)
  return { kind: 'hex', text: hexDump(bytes.subarray(0, maxHexBytes)) }
}

function viewPart({ fields, name, fileName, body }: Part): PartView {
  const mediaType = fieldValue(fields, 'content-type') ?? 'text/plain'
  const shown = show(body, mediaType, '', true, [])
  return {
    name: visibleText(name ?? ''),
    ...(fileName !== undefined && { fileName: visibleText(fileName) }),
    mediaType: visibleText(mediaType),
    bytes: body.length,
    text: shown.text ?? hexDump(body.subarray(0, maxHexBytes)),
  }
}

/** UTF-8 without NUL. What was cut may end within a character. */
function asText(bytes: Buffer, isWhole: boolean): string | undefined {
  if (bytes.includes(0)) return undefined
  if (isUtf8(bytes)) return bytes.toString('utf8')
  for (let left = 1; !isWhole && left <= 3; left++) {
    const shorter = bytes.subarray(0, bytes.length - left)
    if (isUtf8(shorter)) return shorter.toString('utf8')
  }
  return undefined
}

function shorten(text: string, notes: string[]): string {
  if (text.length <= maxTextChars) return text
  notes.push(`The first ${maxTextChars} characters are shown.`)
  return text.slice(0, maxTextChars)
}
