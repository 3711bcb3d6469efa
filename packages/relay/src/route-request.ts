// What an agent asks for in one route of its register message, read and judged by what the relay
// serves and what the key may claim. Pure; whether somebody else holds it is the registrar's concern.
import {
  type ListenAddress,
  type PortRange,
  type RouteUrl,
  type TcpRouteUrl,
  SallyportError,
  assignName,
  formatHost,
  formatHostPort,
  includesPort,
  isIp,
  isLoopback,
  isPermitted,
  parseRouteUrl,
} from '@sallyport/protocol'
import type { Agent } from './agent-keys.ts'
import type { Claim } from './lease.ts'
import { isEveryAddress } from './address.ts'

/** What the relay serves, as far as routes are concerned. */
export interface RelaySite {
  /** The public host. */
  readonly host: string
  /** Where the front door listens, with its true port. */
  readonly listen: ListenAddress
  readonly tcpPorts: PortRange | undefined
}

export interface NamedRequest {
  readonly kind: 'https' | 'tls' | 'passthrough'
  readonly place: string
  readonly url: string
  /** Where it is not the front door's: a port that is leased beside the name. */
  readonly furtherPort?: number
}

export interface TcpRequest {
  readonly kind: 'tcp'
  /** What to listen on. */
  readonly host: string
  /** As in the public url. */
  readonly publicHost: string
  /** One port, or several of which any will do. */
  readonly ports: PortRange
  readonly isPicked: boolean
}

export type RouteRequest = NamedRequest | TcpRequest

const defaultHttpsPort = 443

/** What visitors with this SNI ask for; the relay's own address when they name nothing. */
export function namePlace(name: string, furtherPort?: number): string {
  return `name ${furtherPort === undefined ? name : formatHostPort(name, furtherPort)}`
}

export function tcpPlace(host: string, port: number): string {
  return `tcp ${formatHostPort(host, port)}`
}

/** The name or address under which the relay itself ends visitors' TLS; undefined where it does not. */
export function servedName({ kind, url }: Pick<Claim, 'kind' | 'url'>): string | undefined {
  if (kind !== 'https' && kind !== 'tls') return undefined
  const route = parseRouteUrl(url, 'claim', 'SP_INTERNAL')
  return route.kind === 'tcp' ? undefined : route.name
}

/**
 * Reads `url` and checks that the relay serves it and that the key may claim it.
 * @throws {SallyportError} SP_NOT_PERMITTED, or SP_PROTOCOL when it is no route url.
 */
export function requestRoute(url: string, agent: Agent, site: RelaySite): RouteRequest {
  const route = parseRouteUrl(url, 'register from the agent', 'SP_PROTOCOL')
  return route.kind === 'tcp' ? requestPort(route, agent, site) : requestName(route, agent, site)
}

/** True when the key may claim the port. */
export function mayClaimPort(agent: Agent, port: number): boolean {
  return isPermitted(agent.permissions, { kind: 'tcp', bind: '', port })
}

function requestName(
  route: Exclude<RouteUrl, TcpRouteUrl>,
  agent: Agent,
  site: RelaySite,
): NamedRequest {
  const { kind } = route
  const port = route.port ?? site.listen.port
  const name = route.name ?? assignName(agent.keyId, site.host)
  const shown = `${kind}://${formatHost(name)}`
  // Where the relay has no name, its bare address is for who asks first.
  if (name === site.host && !isIp(name)) throw refused(shown, 'it is the relay itself')
  if (name !== site.host && isIp(name)) {
    throw refused(shown, `visitors reach this relay as ${site.host}`)
  }
  // Who holds the reverse name of an address gets certificates for the address (RFC 8738 §6).
  if (/\.(in-addr|ip6)\.arpa$/.test(name)) throw refused(shown, 'it is the name of an address')
  if (!isPermitted(agent.permissions, { kind, name })) throw refused(shown, allowed(agent))
  const url = kind === 'https' && port === defaultHttpsPort ? shown : `${shown}:${port}`
  if (port === site.listen.port) return { kind, place: namePlace(name), url }
  // A port is a thing of its own: who may claim a name only cannot take it from others.
  checkPort(`port ${port} for ${shown}`, port, agent, site)
  return { kind, place: namePlace(name, port), url, furtherPort: port }
}

function requestPort(route: TcpRouteUrl, agent: Agent, site: RelaySite): TcpRequest {
  const { port } = route
  const tcpPorts = checkPort(`TCP port ${port}`, port, agent, site)
  const isPicked = port === 0
  const ports = isPicked ? tcpPorts : { first: port, last: port }
  return { kind: 'tcp', ...bindTo(route.bind, site), ports, isPicked }
}

/** That the relay opens the port and the key may claim it; of port 0 the former. */
function checkPort(shown: string, port: number, agent: Agent, { tcpPorts }: RelaySite): PortRange {
  if (!tcpPorts) throw refused(shown, 'this relay opens none: it was started without --tcp-ports')
  if (port === 0) return tcpPorts
  if (!includesPort(tcpPorts, port)) {
    throw refused(shown, `this relay opens ${tcpPorts.first} to ${tcpPorts.last}`)
  }
  if (!mayClaimPort(agent, port)) throw refused(shown, allowed(agent))
  return tcpPorts
}

/** Where a tcp route listens, and the host of its public url. */
function bindTo(bind: string, { host, listen }: RelaySite): { host: string; publicHost: string } {
  if (bind === '') return { host: listen.host, publicHost: host }
  if (bind === 'localhost') return { host: '127.0.0.1', publicHost: 'localhost' }
  const isOurs = isLoopback(bind) || isEveryAddress(listen.host) || bind === listen.host
  if (isOurs && !isEveryAddress(bind)) return { host: bind, publicHost: bind }
  throw refused(`address ${bind}`, `this relay listens on ${formatListen(listen)}`)
}

function formatListen({ host }: ListenAddress): string {
  return isEveryAddress(host) ? 'every address' : host
}

function allowed({ name, allow }: Agent): string {
  return `agent ${name} may claim ${allow}`
}

function refused(what: string, why: string): SallyportError {
  return new SallyportError('SP_NOT_PERMITTED', `${what}: ${why}`)
}
