// What holds for every route of one command line: the pool that they are shared in, and what is asked
// of their origins. Read from flags, variables and file alike.
import { readFile } from 'node:fs/promises'
import {
  type Balance,
  type ErrorCode,
  badInput,
  parseBalance,
  parsePoolName,
} from '@sallyport/protocol'
import type { FlagName } from './command-line.ts'
import { parseOriginCheck } from './origin-checks.ts'
import { parseProxyProtocol } from './origin-preamble.ts'
import type { OriginTls } from './origin.ts'
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
    if (pool !== undefined) return parseBalance(text, where, code)
    throw badInput(code, { what: 'balance', where, value: text, right: 'a --pool beside it' })
  })
  const check = read('health-check', (text, where, code) => ({
    asked: parseOriginCheck(text, where, code),
  }))
  const pooledCheck = pool === undefined ? undefined : ({ kind: 'tcp' } as const)
  const proxyProtocol = read('proxy-protocol', parseProxyProtocol)
  const tls = await readOriginTls(routes, read)
  return routes.map((route) => ({
    ...route,
    origin: route.origin.kind === 'server' ? route.origin : { ...route.origin, proxyProtocol, tls },
    pool,
    balance,
    check: check ? check.asked : pooledCheck,
  }))
}

async function readOriginTls(
  routes: readonly RouteRequest[],
  read: ReadSetting,
): Promise<OriginTls | undefined> {
  const insecure = read('origin-insecure', (text, where, code) => ({ text, where, code }))
  if (insecure && !['true', '1', 'false', '0'].includes(insecure.text)) {
    const { text: value, where, code } = insecure
    throw badInput(code, { what: 'switch', where, value, right: '1, true, 0 or false' })
  }
  const isInsecure = insecure?.text === 'true' || insecure?.text === '1'
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
  if (!routes.some(({ origin }) => origin.kind === 'https')) {
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
