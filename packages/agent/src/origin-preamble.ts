// What an origin is told before the visitor's first byte, if its owner asked for it: the PROXY protocol,
// version 1 or 2 (haproxy's proxy-protocol.txt §2.1, §2.2). It then sees the true visitor address.
import { isIPv4 } from 'node:net'
import { type ErrorCode, type ProxyHeader, badInput, encodeProxyHeader } from '@sallyport/protocol'

export type ProxyProtocol = 1 | 2

/** `where`: "--proxy-protocol". */
export function parseProxyProtocol(
  text: string,
  where: string,
  code: ErrorCode = 'SP_USAGE',
): ProxyProtocol {
  if (text === '1') return 1
  if (text === '2') return 2
  throw badInput(code, { what: 'PROXY protocol version', where, value: text, right: '1 or 2' })
}

/** The header of a visit. Version 2 is the relay's own, with all it knows. */
export function visitPreamble(version: ProxyProtocol, header: ProxyHeader): Buffer {
  if (version === 2) return encodeProxyHeader(header)
  const { visitor, listener } = header
  const isFour = isIPv4(visitor.address) && isIPv4(listener.address)
  // Both addresses are of one family there.
  const shown = (address: string): string =>
    isFour || !isIPv4(address) ? address : `::ffff:${address}`
  const addresses = `${shown(visitor.address)} ${shown(listener.address)}`
  const family = isFour ? 'TCP4' : 'TCP6'
  return Buffer.from(`PROXY ${family} ${addresses} ${visitor.port} ${listener.port}\r\n`)
}

/** The header of a connection of the agent's own: no visitor stands behind a health check. */
export function checkPreamble(version: ProxyProtocol): Buffer {
  if (version === 1) return Buffer.from('PROXY UNKNOWN\r\n')
  return Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
}
