// Where a program listens: `HOST:PORT`, `:PORT` (every interface), `[::]:443`. Port 0 lets the
// system pick.
import { badInput, type ErrorCode } from './errors.ts'
import { isHost } from './host-name.ts'
import { formatHostPort, splitHostPort } from './host-port.ts'
import { portOf } from './port-range.ts'

export interface ListenAddress {
  /** A host name or an IP address (no brackets); empty for every interface. */
  readonly host: string
  /** 0 to 65535. */
  readonly port: number
}

export function parseListenAddress(
  text: string,
  where: string,
  code: ErrorCode = 'SP_USAGE',
): ListenAddress {
  const parts = splitHostPort(text)
  const host = parts?.host.toLowerCase() ?? ''
  const port = portOf(parts?.port ?? '', 0)
  if (port === undefined || (host !== '' && !isHost(host))) {
    throw badInput(code, {
      what: 'address to listen on',
      where,
      value: text,
      right: 'HOST:PORT, :PORT for every interface, or [IPv6]:PORT, with a port up to 65535',
    })
  }
  return { host, port }
}

export function formatListenAddress(address: ListenAddress): string {
  return formatHostPort(address.host, address.port)
}
