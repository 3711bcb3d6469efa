// What an agent asks the relay for: `--url`, and `url` in the register message. The relay's answer,
// the public url, is built from the same parts.
import { badInput, type ErrorCode } from './errors.ts'
import { isHost, isHostName } from './host-name.ts'
import { formatHost, formatHostPort, splitHostPort } from './host-port.ts'
import { isIp } from './ip-address.ts'
import { portOf } from './port-range.ts'

/** A route by name. `port` is absent for the front door's own. */
export interface NamedRouteUrl {
  /** https: the agent speaks HTTP; tls: raw bytes after the relay's TLS; passthrough: SNI only. */
  readonly kind: 'https' | 'tls' | 'passthrough'
  /** Lower case; absent (https only) when the relay is to assign one. */
  readonly name?: string
  readonly port?: number
}

/** A public TCP port. */
export interface TcpRouteUrl {
  readonly kind: 'tcp'
  /** '' = where the relay listens; localhost = its loopback; else an IP address of it (no brackets). */
  readonly bind: string
  /** 0: the relay picks. */
  readonly port: number
}

export type RouteUrl = NamedRouteUrl | TcpRouteUrl

const forms =
  'https:, https://NAME[:PORT], tls://NAME[:PORT], passthrough://NAME[:PORT] or tcp://[BIND]:PORT'

/** Reads a route url. `where`: "--url". */
export function parseRouteUrl(text: string, where: string, code: ErrorCode = 'SP_USAGE'): RouteUrl {
  const wrong = (right: string): Error =>
    // What stands before an @ may be a password: not shown.
    badInput(code, {
      what: 'route url',
      where,
      ...(text.includes('@') ? {} : { value: text }),
      right,
    })
  if (/^https:$/i.test(text)) return { kind: 'https' }
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? []
  const kind = scheme?.toLowerCase()
  if (kind === 'tcp') return parseTcp(rest, wrong)
  if (kind === 'https' || kind === 'tls' || kind === 'passthrough') {
    return parseNamed(kind, rest, wrong)
  }
  throw wrong(forms)
}

/** The text that `parseRouteUrl` reads. */
export function formatRouteUrl(route: RouteUrl): string {
  if (route.kind === 'tcp') return `tcp://${formatHostPort(route.bind, route.port)}`
  if (route.name === undefined) return `${route.kind}:`
  const port = route.port === undefined ? '' : `:${route.port}`
  return `${route.kind}://${formatHost(route.name)}${port}`
}

/** The bind address of `tcp://BIND:PORT` and of ssh's -R, or undefined when it is none. */
export function parseBind(text: string): string | undefined {
  if (text === '' || text === '*') return ''
  const bind = text.toLowerCase()
  return bind === 'localhost' || isIp(bind) ? bind : undefined
}

function parseTcp(rest: string, wrong: (right: string) => Error): TcpRouteUrl {
  const parts = splitHostPort(rest)
  if (parts === undefined) throw wrong('tcp://:PORT or tcp://BIND:PORT')
  const port = portOf(parts.port, 0)
  if (port === undefined) throw wrong('a port from 1 to 65535, or 0 for one that the relay picks')
  const bind = parseBind(parts.host)
  if (bind === undefined) {
    throw wrong('before the port nothing, localhost, or an IP address of the relay')
  }
  return { kind: 'tcp', bind, port }
}

function parseNamed(
  kind: NamedRouteUrl['kind'],
  rest: string,
  wrong: (right: string) => Error,
): NamedRouteUrl {
  // Copied from a browser's address bar a URL ends in a slash.
  const authority = rest.endsWith('/') ? rest.slice(0, -1) : rest
  if (/[/?#@]/.test(authority)) throw wrong(`${kind}://NAME[:PORT] and nothing after it`)
  const withPort = /:[^:\]]*$/.test(authority)
  const parts = splitHostPort(withPort ? authority : `${authority}:1`)
  const port = portOf(parts?.port ?? '', 1)
  if (parts !== undefined && port === undefined) throw wrong('a port from 1 to 65535')
  const name = parts?.host.toLowerCase() ?? ''
  // Passthrough goes by SNI, which holds no addresses (RFC 6066 §3).
  if (kind === 'passthrough' ? !isHostName(name) : !isHost(name)) {
    throw wrong(`${kind}://NAME[:PORT] with a whole host name, such as ${kind}://app.example.com`)
  }
  return withPort && port !== undefined ? { kind, name, port } : { kind, name }
}
