// Who counts as one visitor: an IPv4 address, or the /64 of an IPv6 one, which is what one line or one
// machine is given (RFC 6177) and may change in as it likes.
import { bytesToIp, ipToBytes, isMappedIpv4 } from '@sallyport/protocol'

export function addressKey(address: string): string {
  // A link-local address comes with its zone.
  const bytes = ipToBytes(address.split('%', 1)[0] ?? '')
  if (!bytes) return address
  if (bytes.length === 4) return address
  if (isMappedIpv4(bytes)) return bytesToIp(bytes.subarray(12))
  return `${bytesToIp(Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(8)]))}/64`
}
