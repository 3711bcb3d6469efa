// Which exchanges a person wants to see: by path, status, method, duration and header, all at once.
import { badInput } from '@sallyport/protocol'
import type { Exchange } from './exchange.ts'

export interface ExchangeFilter {
  /** Part of path and query, in small letters. */
  readonly path?: string
  readonly status?: (exchange: Exchange) => boolean
  readonly method?: string
  readonly slowerThanMs?: number
  readonly header?: { readonly name: string; readonly value: string }
  readonly route?: string
}

/**
 * Reads `path`, `status` (404, 4xx, 200-299, error), `method`, `slower` (milliseconds), `header`
 * (`name` or `name: part of the value`) and `route`; empty means any.
 * @throws {SallyportError} SP_USAGE for another form.
 */
export function parseFilter(query: URLSearchParams): ExchangeFilter {
  const of = (name: string): string | undefined => query.get(name)?.trim() || undefined
  const path = of('path')?.toLowerCase()
  const status = of('status')
  const method = of('method')?.toUpperCase()
  const slower = of('slower')
  const header = of('header')
  const route = of('route')
  return {
    ...(path !== undefined && { path }),
    ...(status !== undefined && { status: parseStatus(status) }),
    ...(method !== undefined && { method }),
    ...(slower !== undefined && { slowerThanMs: parseMilliseconds(slower) }),
    ...(header !== undefined && { header: parseHeader(header) }),
    ...(route !== undefined && { route }),
  }
}

export function matches(exchange: Exchange, filter: ExchangeFilter): boolean {
  const { path, status, method, slowerThanMs, header, route } = filter
  return (
    (route === undefined || exchange.route === route) &&
    (method === undefined || exchange.method === method) &&
    (path === undefined || exchange.target.toLowerCase().includes(path)) &&
    (slowerThanMs === undefined || (exchange.endMs ?? 0) > slowerThanMs) &&
    (status === undefined || status(exchange)) &&
    (header === undefined || hasHeader(exchange, header))
  )
}

function parseStatus(text: string): (exchange: Exchange) => boolean {
  if (text === 'error') {
    return ({ error, response }) => error !== undefined || (response?.status ?? 0) >= 500
  }
  const [, from, to, kind] = /^(?:(\d{3})(?:-(\d{3}))?|(\d)xx)$/i.exec(text) ?? []
  const least = kind === undefined ? Number(from) : Number(kind) * 100
  const most = kind === undefined ? Number(to ?? from) : least + 99
  if (Number.isNaN(least)) throw wrong('status', text, '404, 4xx, 200-299 or error')
  return ({ response }) =>
    response !== undefined && response.status >= least && response.status <= most
}

function parseMilliseconds(text: string): number {
  const [, number, unit] = /^>?\s*(\d{1,9}(?:\.\d+)?)\s*(ms|s)?$/.exec(text) ?? []
  if (number === undefined) throw wrong('slower', text, 'milliseconds (250), or seconds (1.5s)')
  return Number(number) * (unit === 's' ? 1_000 : 1)
}

function parseHeader(text: string): { readonly name: string; readonly value: string } {
  const [, name = '', value = ''] = /^([^:=]*)[:=]?(.*)$/.exec(text.toLowerCase()) ?? []
  return { name: name.trim(), value: value.trim() }
}

function hasHeader(exchange: Exchange, wanted: NonNullable<ExchangeFilter['header']>): boolean {
  return [...exchange.requestFields, ...(exchange.response?.fields ?? [])].some(
    ([name, value]) =>
      name.toLowerCase() === wanted.name && value.toLowerCase().includes(wanted.value),
  )
}

function wrong(where: string, value: string, right: string): Error {
  return badInput('SP_USAGE', { what: 'filter', where, value, right })
}
