// Names of hosts (RFC 1123 §2.1, RFC 1035 §2.3.4). Wildcards are a matter of permission.ts.
import { isIp } from './ip-address.ts'

const maxNameChars = 253
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** True for a lower-case host name that cannot be taken for an IP address. */
export function isHostName(text: string): boolean {
  if (text.length > maxNameChars) return false
  const labels = text.split('.')
  // A last label of digits alone would make it an IPv4 address to some readers and not to others.
  return labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')
}

/** True for a lower-case host name or an IP address (IPv6 without brackets). */
export function isHost(text: string): boolean {
  return isHostName(text) || isIp(text)
}
