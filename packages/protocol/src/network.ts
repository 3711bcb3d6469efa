// Networks of addresses, and who of them may visit a route: `192.0.2.0/24`, `2001:db8::/32`, one address
// alone. Pure; where a visitor comes from is for the callers.
import { badInput, type ErrorCode } from './errors.ts'
import { bytesToIp, ipToBytes, isMappedIpv4 } from './ip-address.ts'

/** Who may visit: what is denied may not; where something is allowed, nothing else may. */
export interface AccessList {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

interface Network {
  readonly bytes: Buffer
  readonly bits: number
}

/** Reads a network and writes it in its one form. `where`: "--allow-from". */
export function parseNetwork(text: string, where: string, code: ErrorCode = 'SP_USAGE'): string {
  const network = readNetwork(text)
  if (network) return `${bytesToIp(network.bytes)}/${network.bits}`
  throw badInput(code, {
    what: 'network',
    where,
    value: text,
    right:
      'an address or ADDRESS/BITS, as 192.0.2.0/24 or 2001:db8::/32, with no bit set after BITS',
  })
}

/** True for the text that `parseNetwork` takes. */
export function isNetwork(text: string): boolean {
  return readNetwork(text) !== undefined
}

/** Whether a visitor from `address` is let in. What is no address is not. */
export function isAdmitted({ allow, deny }: AccessList, address: string): boolean {
  const bytes = plainBytes(address)
  if (!bytes) return false
  const isIn = (text: string): boolean => {
    const network = readNetwork(text)
    return network !== undefined && contains(network, bytes)
  }
  return !deny.some(isIn) && (allow.length === 0 || allow.some(isIn))
}

function readNetwork(text: string): Network | undefined {
  const [address = '', length, extra] = text.split('/')
  const bytes = ipToBytes(address)
  if (!bytes || extra !== undefined) return undefined
  if (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined
  const bits = length === undefined ? 8 * bytes.length : Number(length)
  if (bits > 8 * bytes.length) return undefined
  // Visitors are told apart as IPv4 where they are: a mapped network would let nobody in.
  if (isMappedIpv4(bytes)) return undefined
  return isZeroAfter(bytes, bits) ? { bytes, bits } : undefined
}

function plainBytes(address: string): Buffer | undefined {
  const bytes = ipToBytes(address.split('%', 1)[0] ?? '')
  return bytes && isMappedIpv4(bytes) ? bytes.subarray(12) : bytes
}

function contains({ bytes, bits }: Network, address: Buffer): boolean {
  if (bytes.length !== address.length) return false
  const whole = bits >> 3
  if (bytes.compare(address, 0, whole, 0, whole) !== 0) return false
  const rest = 0xff00 >> (bits & 7)
  return (((bytes[whole] ?? 0) ^ (address[whole] ?? 0)) & rest & 0xff) === 0
}

function isZeroAfter(bytes: Buffer, bits: number): boolean {
  return bytes.every((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * at))
    return (byte & (0xff >> kept)) === 0
  })
}
