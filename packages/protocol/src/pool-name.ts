// The name under which several keys share a route: `--pool NAME`, permission `pool:NAME`.
import { badInput, type ErrorCode } from './errors.ts'

/** As long as a host label; not starting with a hyphen, so that it is never taken for a flag. */
export const poolNamePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/

/** Which member of a pool the next visitor gets: each in turn, or the one with the fewest. */
export const balances = ['round-robin', 'least-connections'] as const
export type Balance = (typeof balances)[number]

export function parseBalance(text: string, where: string, code: ErrorCode = 'SP_USAGE'): Balance {
  const balance = balances.find((one) => one === text)
  if (balance !== undefined) return balance
  throw badInput(code, { what: 'balance', where, value: text, right: balances.join(' or ') })
}

export function parsePoolName(text: string, where: string, code: ErrorCode = 'SP_USAGE'): string {
  if (!poolNamePattern.test(text)) {
    throw badInput(code, {
      what: 'pool name',
      where,
      value: text,
      right: '1 to 63 of A-Z a-z 0-9 - _, the first a letter or digit',
    })
  }
  return text
}
