// ssh's `-R [bind:]port:host:hostport` and `-R [bind:]port:local_socket` (ssh(1)), as a tcp route and
// a target. Its other forms (a socket on the relay, SOCKS) are refused by name.
import { badInput, type ErrorCode } from './errors.ts'
import { isHost } from './host-name.ts'
import { portOf } from './port-range.ts'
import { parseBind, type TcpRouteUrl } from './route-url.ts'
import { isUnixPath, type Target, unixPathRule } from './target.ts'

export interface RemoteForward {
  readonly route: TcpRouteUrl
  readonly target: Target
}

const form = '[BIND:]PORT:HOST:HOSTPORT or [BIND:]PORT:/LOCAL/SOCKET'

/** Reads the value of one -R. `where`: "-R". */
export function parseRemoteForward(
  text: string,
  where: string,
  code: ErrorCode = 'SP_USAGE',
): RemoteForward {
  const wrong = (right: string): Error =>
    badInput(code, { what: 'forwarding', where, value: text, right })
  const fields = splitFields(text)
  if (fields === undefined) throw wrong(form)
  if (fields[0]?.includes('/')) {
    throw wrong(`${form}: a relay listens on TCP ports, not on sockets in its file system`)
  }

  const last = fields.at(-1) ?? ''
  const isSocket = last.includes('/')
  const targetFields = isSocket ? 1 : 2
  const listen = fields.slice(0, -targetFields)
  if (listen.length === 0) throw wrong(`${form}: a port alone (SOCKS in ssh) forwards nowhere`)
  if (listen.length > 2) throw wrong(form)

  const port = portOf(listen.at(-1) ?? '', 0)
  if (port === undefined) {
    throw wrong('a port of the relay from 1 to 65535, or 0 for one that the relay picks')
  }
  const bind = listen.length === 2 ? parseBind(listen[0] ?? '') : ''
  if (bind === undefined) {
    throw wrong('before the port nothing, *, localhost, or an IP address of the relay')
  }
  const route = { kind: 'tcp', bind, port } as const

  if (isSocket) {
    if (!isUnixPath(last)) throw wrong(unixPathRule)
    return { route, target: { kind: 'unix', path: last } }
  }
  const host = fields.at(-2)?.toLowerCase() ?? ''
  const hostPort = portOf(last, 1)
  if (!isHost(host) || hostPort === undefined) {
    throw wrong('at its end HOST:HOSTPORT with a port from 1 to 65535')
  }
  return { route, target: { kind: 'tcp', host, port: hostPort } }
}

/** Cuts at colons; `[…]` keeps an IPv6 address in one field, a backslash the character after it. */
function splitFields(text: string): string[] | undefined {
  const fields: string[] = []
  const field = /(?:\[([^[\]]*)\]|((?:\\.|[^\\:])*))(:|$)/sy
  for (;;) {
    const match = field.exec(text)
    if (match === null) return undefined
    const [, bracketed, plain = '', end] = match
    fields.push(bracketed ?? plain.replaceAll(/\\(.)/gs, '$1'))
    if (end === '') return fields
  }
}
