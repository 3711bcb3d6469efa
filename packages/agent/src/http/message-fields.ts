// The values of the fields that frame a message or belong to one hop: Content-Length, Transfer-Encoding,
// Connection, Upgrade (RFC 9110 §7.6.1, §7.8, §8.6; RFC 9112 §6). Values only; who may send what is
// decided by the heads.
import { HTAB, SP, isToken } from './octets.ts'

/** How a body ends. `bytes` counts only for `length`. */
export interface BodyFraming {
  readonly kind: 'none' | 'length' | 'chunked' | 'until-close'
  readonly bytes: number
}

export const noBody: BodyFraming = { kind: 'none', bytes: 0 }
export const chunkedBody: BodyFraming = { kind: 'chunked', bytes: 0 }
export const untilCloseBody: BodyFraming = { kind: 'until-close', bytes: 0 }

/** Digits alone, as a number that JavaScript holds exactly; undefined otherwise. */
export function parseContentLength(text: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(text)) return undefined
  const bytes = Number(text)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** What the Connection fields of one message say. */
export interface ConnectionOptions {
  readonly hasClose: boolean
  readonly hasKeepAlive: boolean
  readonly hasUpgrade: boolean
  /** Further fields, in lower case, that belong to this hop. */
  readonly named: ReadonlySet<string> | undefined
}

export const noConnectionOptions: ConnectionOptions = {
  hasClose: false,
  hasKeepAlive: false,
  hasUpgrade: false,
  named: undefined,
}
const keepAliveOnly: ConnectionOptions = { ...noConnectionOptions, hasKeepAlive: true }
const closeOnly: ConnectionOptions = { ...noConnectionOptions, hasClose: true }

/** Undefined when the list holds something that is no token. `text` joins the fields by commas. */
export function parseConnectionOptions(text: string): ConnectionOptions | undefined {
  if (text === 'keep-alive' || text === 'Keep-Alive') return keepAliveOnly
  if (text === 'close') return closeOnly

  let hasClose = false
  let hasKeepAlive = false
  let hasUpgrade = false
  let named: Set<string> | undefined
  for (const item of text.split(',')) {
    const option = trimSpaces(item).toLowerCase()
    if (option === '') continue
    if (!isToken(option)) return undefined
    if (option === 'close') hasClose = true
    else if (option === 'keep-alive') hasKeepAlive = true
    else if (option === 'upgrade') hasUpgrade = true
    else (named ??= new Set()).add(option)
  }
  return { hasClose, hasKeepAlive, hasUpgrade, named }
}

/** True for the one transfer coding that the edge speaks, alone. */
export function isChunked(text: string): boolean {
  return /^chunked$/i.test(text)
}

/** True for the one protocol that may take over a connection, alone. */
export function isWebSocket(text: string): boolean {
  return /^websocket$/i.test(text)
}

/** Without RFC 9110's OWS at both ends, and nothing else that `trim` would take; in linear time. */
export function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB
}
