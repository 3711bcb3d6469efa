// What kind of address a host is.
import { isIP } from 'node:net'

/** The addresses that stand for all of the machine's. */
export function isEveryAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

/** Only this machine reaches it. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  const mapped = host.startsWith('::ffff:') ? host.slice(7) : host
  return mapped.startsWith('127.') && isIP(mapped) === 4
}
