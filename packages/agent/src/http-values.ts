// Single values of the settings of HTTP, as flags, variables and the file write them.
import { type ErrorCode, badInput } from '@sallyport/protocol'
import { parseAuthority } from './http/index.ts'

const maxOriginTimeoutSeconds = 86_400
const units = new Map([
  ['', 1],
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['KIB', 2 ** 10],
  ['MIB', 2 ** 20],
  ['GIB', 2 ** 30],
])

/** `rewrite`, or what is to stand in Host. */
export function parseHostHeader(text: string, where: string, code: ErrorCode): string {
  if (parseAuthority(text)) return text
  const right = 'HOST or HOST:PORT, or rewrite for the one of the target'
  throw badInput(code, { what: 'host header', where, value: text, right })
}

/** Bytes: `10MB`, `512KiB`, `1000`. */
export function parseByteSize(text: string, where: string, code: ErrorCode): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})\s?([a-z]*)$/i.exec(text) ?? []
  const factor = units.get(unit.toUpperCase())
  if (digits !== '' && factor !== undefined) return Number(digits) * factor
  throw badInput(code, { what: 'size', where, value: text, right: 'bytes: 1000, 512KiB or 10MB' })
}

/** In ms. */
export function parseOriginTimeout(text: string, where: string, code: ErrorCode): number {
  const seconds = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= maxOriginTimeoutSeconds) return seconds * 1_000
  const right = `whole seconds from 1 to ${maxOriginTimeoutSeconds}`
  throw badInput(code, { what: 'origin timeout', where, value: text, right })
}

/** `/api`: no final slash, no dots that mean another place, nothing that a path has not. */
export function parsePathPrefix(text: string, where: string, code: ErrorCode): string {
  const segments = text.split('/').slice(1)
  const isPlain = segments.every(
    (one) => /^[\w.~!$&'()*+,;=:@%-]+$/.test(one) && !/^\.+$/.test(one),
  )
  if (text.startsWith('/') && isPlain) return text
  const right = '/NAME or /NAME/NAME, without a final slash'
  throw badInput(code, { what: 'path', where, value: text, right })
}
