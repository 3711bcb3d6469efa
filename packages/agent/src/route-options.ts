// What holds for every route of one command line that says nothing of its own: whether unknown visitors
// knock, the pool that it is shared in, and what is asked of its origin. Read from flags, variables and file alike.
import { readFile } from 'node:fs/promises'
import {
  type Balance,
  type ErrorCode,
  badInput,
  parseBalance,
  parsePoolName,
} from '@sallyport/protocol'
import type { FlagName } from './command-line.ts'
import { type OriginCheck, parseOriginCheck } from './origin-checks.ts'
import { parseProxyProtocol } from './origin-preamble.ts'
import type { DialledOrigin, OriginTls } from './origin.ts'
import type { RouteRequest } from './route-book.ts'

/** Reads a setting, if it is there, as config.ts does. */
export type ReadSetting = <T>(
  name: FlagName,
  parse: (text: string, where: string, code: ErrorCode) => T,
) => T | undefined

/** @throws {SallyportError} SP_USAGE, SP_CONFIG. */
export async function withRouteOptions(
  routes: readonly RouteRequest[],
  read: ReadSetting,
): Promise<readonly RouteRequest[]> {
  const pool = read('pool', parsePoolName)
  const balance = read('balance', (text, where, code): Balance => {
    const hasPool = pool !== undefined || routes.some((route) => route.pool !== undefined)
    if (hasPool) return parseBalance(text, where, code)
    throw badInput(code, { what: 'balance', where, value: text, right: 'a --pool beside it' })
  })
  const check = read('health-check', (text, where, code) => ({
    asked: parseOriginCheck(text, where, code),
  }))
  const knock = read('knock', parseSwitch)
  const proxyProtocol = read('proxy-protocol', parseProxyProtocol)
  const tls = await readOriginTls(routes, read)
  return routes.map((route) => {
    const { origin } = route
    const ownPool = route.pool ?? pool
    const isPooled = ownPool !== undefined
    const reached = (one: DialledOrigin): DialledOrigin => ({ ...one, proxyProtocol, tls })
    return {
      ...route,
      origin: origin.kind === 'server' ? origin : reached(origin),
      http: route.http && {
        ...route.http,
        paths: route.http.paths.map((path) => ({ ...path, origin: reached(path.origin) })),
      },
      knock: route.knock ?? knock ?? false,
      pool: ownPool,
      balance: route.balance ?? (isPooled ? balance : undefined),
      check: 'check' in route ? route.check : check ? check.asked : usualCheck(isPooled),
    }
  })
}

/** A pool must know who is dead. */
function usualCheck(isPooled: boolean): OriginCheck | undefined {
  return isPooled ? { kind: 'tcp' } : undefined
}

function parseSwitch(text: string, where: string, code: ErrorCode): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw badInput(code, { what: 'switch', where, value: text, right: '1, true, 0 or false' })
}

async function readOriginTls(
  routes: readonly RouteRequest[],
  read: ReadSetting,
): Promise<OriginTls | undefined> {
  const insecure = read('origin-insecure', (text, where, code) => ({ text, where, code }))
  const isInsecure = read('origin-insecure', parseSwitch) ?? false
  const file = read('origin-ca', (text, where, code) => ({ text, where, code }))
  if (!isInsecure && !file) return undefined
  const { text: value, where, code } = file ?? insecure ?? { text: '', where: '', code: 'SP_USAGE' }
  if (file && isInsecure) {
    throw badInput(code, {
      what: 'authority',
      where,
      value,
      right: 'no --origin-insecure beside it',
    })
  }
  const origins = routes.flatMap(({ origin, http }) => [
    origin,
    ...(http?.paths.map((path) => path.origin) ?? []),
  ])
  if (!origins.some(({ kind }) => kind === 'https')) {
    const right = 'an https:// target, which is what it is about'
    throw badInput(code, { what: 'setting', where, value, right })
  }
  if (!file) return { isInsecure }
  const ca = await readFile(value, 'utf8').catch(() => '')
  if (ca.includes('-----BEGIN CERTIFICATE-----')) return { isInsecure, ca }
  throw badInput(code, {
    what: 'authority',
    where,
    value,
    right: 'a readable file of PEM certificates',
  })
}
