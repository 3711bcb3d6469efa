// The authority of a request: `Host`, `:authority` or the authority of an absolute target (RFC 9110
// §7.2, RFC 3986 §3.2.2), parsed strictly and compared with the name that the visitor's TLS asked for.
import { isIPv6 } from 'node:net'

export interface Authority {
  /** Lower case, no final dot; an IPv6 address in brackets. */
  readonly host: string
  readonly port?: number
}

const namePattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/
const maxNameChars = 254

let lastText = ''
let lastAuthority: Authority | undefined

/** Undefined when the text is no host with an optional port: no user info, no list, no blanks. */
export function parseAuthority(text: string): Authority | undefined {
  // Almost every request of a route names the same host.
  if (text !== lastText) {
    lastAuthority = parse(text)
    lastText = text
  }
  return lastAuthority
}

function parse(text: string): Authority | undefined {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]{0,5}))?$/.exec(text)
  if (!match) return undefined
  // Judged as written: lower case would make an ASCII letter of some others.
  const host = match[1] ?? ''
  const isHost = host.startsWith('[')
    ? isIPv6(host.slice(1, -1)) && !host.includes('%')
    : host.length <= maxNameChars && namePattern.test(host)
  if (!isHost) return undefined

  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
  if (match[2] === undefined || match[2] === '') return { host: name }
  const port = Number(match[2])
  return port > 0 && port <= 65_535 ? { host: name, port } : undefined
}

/** True when both name the same host; a missing port is the default one. */
export function isSameAuthority(a: Authority, b: Authority, defaultPort: number): boolean {
  return a.host === b.host && (a.port ?? defaultPort) === (b.port ?? defaultPort)
}

/**
 * True when a request for `authority` may be answered on a stream whose TLS asked for `name`. Ports are
 * not compared: the relay's public port may be mapped.
 */
export function isForName(authority: Authority, name: string): boolean {
  const lower = name.toLowerCase()
  const bare = lower.endsWith('.') ? lower.slice(0, -1) : lower
  return authority.host === bare || authority.host === `[${bare}]`
}
