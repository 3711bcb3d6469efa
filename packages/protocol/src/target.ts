// What the agent dials: the TARGET of `agent connect`, and the right half of ssh's -R
// (remote-forward.ts). Resolving `localhost` to 127.0.0.1 and ::1 is the dialler's.
import { badInput, type ErrorCode } from './errors.ts'
import { isHost } from './host-name.ts'
import { formatHostPort, splitHostPort } from './host-port.ts'
import { portOf } from './port-range.ts'

export type Target =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** TLS to the origin, HTTP inside. */
  | { readonly kind: 'https'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Room for a path in Linux's sockaddr_un: 108 bytes with the closing NUL (unix(7)). */
const maxUnixPathBytes = 107

const forms = 'PORT, HOST:PORT, [IPv6]:PORT, http://HOST:PORT, https://HOST:PORT or unix:/PATH'

/** Reads a target. `where`: "TARGET". */
export function parseTarget(text: string, where: string, code: ErrorCode = 'SP_USAGE'): Target {
  const wrong = (right: string): Error =>
    // What stands before an @ may be a password: not shown.
    badInput(code, { what: 'target', where, ...(text.includes('@') ? {} : { value: text }), right })
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length)
    if (!isUnixPath(path)) throw wrong(unixPathRule)
    return { kind: 'unix', path }
  }
  const [, scheme, rest = text] = /^(https?):\/\/(.*)$/i.exec(text) ?? []
  const kind = scheme?.toLowerCase() === 'https' ? 'https' : 'tcp'
  const address = scheme === undefined ? addressOf(text) : originOf(rest, kind)
  const parts = splitHostPort(address)
  if (parts === undefined || address.includes('@')) throw wrong(forms)
  const port = portOf(parts.port, 1)
  if (port === undefined) throw wrong('a port from 1 to 65535')
  const host = parts.host.toLowerCase()
  if (!isHost(host)) throw wrong(forms)
  return { kind, host, port }
}

/** The text that `parseTarget` reads. */
export function formatTarget(target: Target): string {
  if (target.kind === 'unix') return `unix:${target.path}`
  const address = formatHostPort(target.host, target.port)
  return target.kind === 'https' ? `https://${address}` : address
}

/** A slash is demanded so that `unix:app` is not taken for a file by accident: `unix:./app`. */
export const unixPathRule = `a path with a slash in it of at most ${maxUnixPathBytes} bytes`

export function isUnixPath(path: string): boolean {
  return path.includes('/') && !path.includes('\0') && Buffer.byteLength(path) <= maxUnixPathBytes
}

/** A port alone is one of this machine. */
function addressOf(text: string): string {
  return /^\d+$/.test(text) ? `localhost:${text}` : text
}

/** An origin as in a browser: a closing slash, and the scheme's own port when there is none. */
function originOf(rest: string, kind: 'https' | 'tcp'): string {
  const authority = rest.endsWith('/') ? rest.slice(0, -1) : rest
  return /:[^:\]]*$/.test(authority) ? authority : `${authority}:${kind === 'https' ? 443 : 80}`
}
