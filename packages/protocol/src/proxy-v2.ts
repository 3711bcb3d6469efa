// The first bytes of every stream (byte path 5): a PROXY protocol v2 header tells the agent who the
// visitor is and which route it took. haproxy's proxy-protocol.txt §2.2; docs/protocol.md §6.
// Only what a relay sends is taken: PROXY over TCP on IPv4 or IPv6 (no LOCAL, UDP, unix).
import { badInput, SallyportError } from './errors.ts'
import { bytesToIp, ipToBytes, isMappedIpv4 } from './ip-address.ts'
import { maxProxyHeaderBytes, maxRouteIdBytes } from './limits.ts'
import { isRouteId } from './route-id.ts'

export interface SocketAddressPair {
  /** An IP address without brackets. */
  readonly address: string
  readonly port: number
}

export interface ProxyHeader {
  readonly visitor: SocketAddressPair
  readonly listener: SocketAddressPair
  /** The protocol agreed with the visitor; one character a byte. */
  readonly alpn?: string
  /** The host name that the visitor asked for. */
  readonly sni?: string
  /** Present when the visitor's TLS ended at the relay; version as in `TLSv1.3`. */
  readonly tls?: { readonly version: string }
  /** The agent's own id of the route. */
  readonly route: string
}

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const versionAndCommand = 0x21 // version 2, PROXY
const tcp4 = 0x11
const tcp6 = 0x21
const fixedBytes = 16
const tlvHeaderBytes = 3

const Tlv = { alpn: 0x01, authority: 0x02, tls: 0x20, tlsVersion: 0x21, route: 0xe0 } as const
/** PP2_CLIENT_SSL: the visitor came over TLS. */
const clientTls = 0x01
/** client (1 byte) and verify (4 bytes) before the sub-TLVs of PP2_TYPE_SSL. */
const tlsFixedBytes = 5

const sniPattern = /^[\x21-\x7e]{1,255}$/
const tlsVersionPattern = /^[\x20-\x7e]{1,32}$/

/** The header's bytes. Throws SP_INTERNAL for values that do not fit into one. */
export function encodeProxyHeader(header: ProxyHeader): Buffer {
  const [visitor, listener] = sameFamily(
    encodeAddress(header.visitor.address),
    encodeAddress(header.listener.address),
  )
  checkValues(header)
  const { alpn, sni, tls, route } = header
  const version = tls === undefined ? '' : tls.version
  const length =
    fixedBytes +
    2 * visitor.length +
    4 +
    (alpn === undefined ? 0 : tlvHeaderBytes + alpn.length) +
    (sni === undefined ? 0 : tlvHeaderBytes + sni.length) +
    (tls === undefined ? 0 : 2 * tlvHeaderBytes + tlsFixedBytes + version.length) +
    (tlvHeaderBytes + route.length)
  if (length > maxProxyHeaderBytes) throw unfit('length', String(length))

  const bytes = Buffer.allocUnsafe(length)
  signature.copy(bytes)
  bytes[12] = versionAndCommand
  bytes[13] = visitor.length === 4 ? tcp4 : tcp6
  bytes.writeUInt16BE(length - fixedBytes, 14)
  visitor.copy(bytes, fixedBytes)
  listener.copy(bytes, fixedBytes + visitor.length)
  const portsAt = fixedBytes + 2 * visitor.length
  bytes.writeUInt16BE(header.visitor.port, portsAt)
  bytes.writeUInt16BE(header.listener.port, portsAt + 2)

  let at = portsAt + 4
  if (alpn !== undefined) at = writeTlv(bytes, at, Tlv.alpn, alpn)
  if (sni !== undefined) at = writeTlv(bytes, at, Tlv.authority, sni)
  if (tls !== undefined) {
    at = writeTlvHeader(bytes, at, Tlv.tls, tlsFixedBytes + tlvHeaderBytes + version.length)
    bytes[at] = clientTls
    // verify is not zero: no certificate of the visitor's was verified.
    bytes.writeUInt32BE(1, at + 1)
    at = writeTlv(bytes, at + tlsFixedBytes, Tlv.tlsVersion, version)
  }
  writeTlv(bytes, at, Tlv.route, route)
  return bytes
}

/**
 * Reads a header from the start of `bytes`, which the caller collects until this is no longer
 * undefined: at most maxProxyHeaderBytes, because a longer or otherwise wrong one throws SP_PROTOCOL
 * from its first wrong byte on. `length`: where the visitor's bytes begin.
 */
export function decodeProxyHeader(
  bytes: Uint8Array,
): { header: ProxyHeader; length: number } | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const seen = Math.min(view.length, signature.length)
  if (view.compare(signature, 0, seen, 0, seen) !== 0) {
    throw broken('first bytes', view.toString('hex', 0, seen), 'the PROXY v2 signature')
  }
  if (view.length > 12 && view[12] !== versionAndCommand) {
    throw broken('version and command', hexByte(view[12]), '0x21, version 2 and PROXY')
  }
  if (view.length > 13 && view[13] !== tcp4 && view[13] !== tcp6) {
    throw broken('address family', hexByte(view[13]), '0x11 or 0x21, TCP over IPv4 or IPv6')
  }
  if (view.length < fixedBytes) return undefined
  const addressBytes = view[13] === tcp4 ? 4 : 16
  const tlvStart = fixedBytes + 2 * addressBytes + 4
  const length = fixedBytes + view.readUInt16BE(14)
  if (length < tlvStart || length > maxProxyHeaderBytes) {
    throw broken('length', String(length), `${tlvStart} to ${maxProxyHeaderBytes} bytes`)
  }
  if (view.length < length) return undefined

  const portsAt = fixedBytes + 2 * addressBytes
  const header = {
    visitor: {
      address: bytesToIp(view.subarray(fixedBytes, fixedBytes + addressBytes)),
      port: view.readUInt16BE(portsAt),
    },
    listener: {
      address: bytesToIp(view.subarray(fixedBytes + addressBytes, portsAt)),
      port: view.readUInt16BE(portsAt + 2),
    },
    ...decodeTlvs(view.subarray(tlvStart, length)),
  }
  return { header, length }
}

function decodeTlvs(area: Buffer): Pick<ProxyHeader, 'alpn' | 'sni' | 'tls' | 'route'> {
  const tlvs = splitTlvs(area)
  const alpn = tlvs.get(Tlv.alpn)?.toString('latin1')
  const sni = tlvs.get(Tlv.authority)?.toString('latin1')
  if (sni !== undefined && !sniPattern.test(sni)) {
    throw broken('SNI', sni, '1 to 255 visible ASCII characters')
  }
  const tlsValue = tlvs.get(Tlv.tls)
  const tls = tlsValue && decodeTls(tlsValue)
  const route = tlvs.get(Tlv.route)?.toString('latin1')
  if (route === undefined) throw broken('TLVs', undefined, 'the route, TLV 0xe0')
  if (!isRouteId(route)) {
    throw broken('route id', route, `1 to ${maxRouteIdBytes} of A-Z a-z 0-9 - _`)
  }
  return {
    ...(alpn === undefined ? {} : { alpn }),
    ...(sni === undefined ? {} : { sni }),
    ...(tls === undefined ? {} : { tls }),
    route,
  }
}

function decodeTls(value: Buffer): { version: string } | undefined {
  if (value.length < tlsFixedBytes) {
    throw broken('TLS TLV', value.toString('hex'), '5 bytes or more')
  }
  const version = splitTlvs(value.subarray(tlsFixedBytes)).get(Tlv.tlsVersion)?.toString('latin1')
  if (((value[0] ?? 0) & clientTls) === 0) return undefined
  if (version === undefined || !tlsVersionPattern.test(version)) {
    throw broken('TLS version', version, 'a short text such as TLSv1.3, in sub-TLV 0x21')
  }
  return { version }
}

/** Values by type. A type may stand once: of two, each reader could believe another one. */
function splitTlvs(area: Buffer): Map<number, Buffer> {
  const tlvs = new Map<number, Buffer>()
  for (let at = 0; at < area.length;) {
    const start = at + tlvHeaderBytes
    const end = start > area.length ? Infinity : start + area.readUInt16BE(at + 1)
    if (end > area.length) {
      throw broken('TLVs', area.toString('hex', at), 'each to end within the header')
    }
    const type = area.readUInt8(at)
    if (tlvs.has(type)) throw broken('TLVs', hexByte(type), 'each type once')
    tlvs.set(type, area.subarray(start, end))
    at = end
  }
  return tlvs
}

/** What `decodeProxyHeader` would refuse is not sent. */
function checkValues({ visitor, listener, sni, tls, route }: ProxyHeader): void {
  for (const { port } of [visitor, listener]) {
    if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw unfit('port', String(port))
  }
  if (sni !== undefined && !sniPattern.test(sni)) throw unfit('SNI', sni)
  if (tls !== undefined && !tlsVersionPattern.test(tls.version)) {
    throw unfit('TLS version', tls.version)
  }
  if (!isRouteId(route)) throw unfit('route id', route)
}

function writeTlvHeader(bytes: Buffer, at: number, type: number, length: number): number {
  bytes[at] = type
  return bytes.writeUInt16BE(length, at + 1)
}

/** Text of one byte a character. */
function writeTlv(bytes: Buffer, at: number, type: number, value: string): number {
  const start = at + tlvHeaderBytes
  const length = bytes.write(value, start, 'latin1')
  writeTlvHeader(bytes, at, type, length)
  return start + length
}

/** A zone id (fe80::1%eth0) means nothing to another machine: it is left out. */
function encodeAddress(address: string): Buffer {
  const bytes = ipToBytes(address.replace(/%.*$/, ''))
  if (bytes === undefined) throw unfit('address', address)
  return isMappedIpv4(bytes) ? bytes.subarray(12) : bytes
}

/** Both as IPv4, or both as IPv6. */
function sameFamily(one: Buffer, other: Buffer): [Buffer, Buffer] {
  if (one.length === other.length) return [one, other]
  const widen = (bytes: Buffer): Buffer =>
    bytes.length === 4 ? Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), bytes]) : bytes
  return [widen(one), widen(other)]
}

function hexByte(byte = 0): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

function broken(what: string, value: string | undefined, right: string): SallyportError {
  return badInput('SP_PROTOCOL', {
    what,
    where: 'PROXY v2 header',
    ...(value === undefined ? {} : { value }),
    right,
  })
}

function unfit(what: string, value: string): SallyportError {
  return badInput('SP_INTERNAL', {
    what,
    where: 'PROXY v2 header to send',
    value,
    right: 'a value that fits into the header',
  })
}
