// The one line that an agent needs (docs/protocol.md §3): `sallyport://TOKEN@HOST:PORT?pin=PIN`. All of
// it counts as secret: no error shows a part of it, because a part in the wrong place may be the token.
import { type AgentKey, parseToken } from './agent-key.ts'
import { badInput } from './errors.ts'
import { isHost } from './host-name.ts'
import { formatHostPort, splitHostPort } from './host-port.ts'
import { formatPin, parsePin, type Pin } from './pin.ts'
import { portOf } from './port-range.ts'
import { Secret } from './secret.ts'

export interface JoinString {
  /** A lower-case name or an IP address (no brackets). */
  readonly host: string
  readonly port: number
  readonly pin: Pin
  readonly key: AgentKey
}

const scheme = 'sallyport://'

/** Reads a join string, space around it allowed. `where`: "SALLYPORT_JOIN". Throws SP_JOIN_STRING. */
export function parseJoinString(text: string, where: string): JoinString {
  const wrong = (what: string, right: string): Error =>
    badInput('SP_JOIN_STRING', { what, where, right })
  const line = text.trim()
  if (line === '') throw wrong('join string', `${scheme}TOKEN@HOST:PORT?pin=…, but it is empty`)
  if (!line.startsWith(scheme)) throw wrong('join string', `${scheme}… at its beginning`)

  const [, token, address, query] =
    /^([^@]*)@([^@?]*)\?([^?]*)$/.exec(line.slice(scheme.length)) ?? []
  if (token === undefined || address === undefined || query === undefined) {
    throw wrong('join string', `the form ${scheme}TOKEN@HOST:PORT?pin=…, in one piece`)
  }
  const key = parseToken(token, where)

  const parts = splitHostPort(address)
  if (parts === undefined) throw wrong("join string's address", 'HOST:PORT or [IPv6]:PORT')
  const host = parts.host.toLowerCase()
  if (!isHost(host)) throw wrong("join string's host", 'a host name or an IP address')
  const port = portOf(parts.port, 1)
  if (port === undefined) throw wrong("join string's port", 'a number from 1 to 65535')

  if (!query.startsWith('pin=')) throw wrong("join string's end", '?pin=… and nothing else')
  return { host, port, pin: parsePin(query.slice('pin='.length), where), key }
}

/** The line to hand over. */
export function formatJoinString(join: JoinString): Secret {
  const address = formatHostPort(join.host, join.port)
  return new Secret(`${scheme}${join.key.token.reveal()}@${address}?pin=${formatPin(join.pin)}`)
}
