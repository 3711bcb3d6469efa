// What an agent key may claim: `app.example.com,*.dev.example.com,tcp:2222,tcp:2000-2100,pool:blue,*`.
// The relay's own limits (its names, its --tcp-ports) hold besides.
import { badInput, type ErrorCode } from './errors.ts'
import { isHost, isHostName } from './host-name.ts'
import { parsePoolName } from './pool-name.ts'
import { includesPort, parsePortRange, type PortRange } from './port-range.ts'
import type { RouteUrl } from './route-url.ts'

/** `wildcard` stands for exactly one label before its parent, as in certificates (RFC 9525 §6.3). */
export type Permission =
  | { readonly kind: 'all' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'wildcard'; readonly parent: string }
  | { readonly kind: 'tcp'; readonly ports: PortRange }
  | { readonly kind: 'pool'; readonly pool: string }

/** Reads a comma-separated list, space around its parts allowed. `where`: "--allow". */
export function parsePermissions(
  text: string,
  where: string,
  code: ErrorCode = 'SP_USAGE',
): readonly Permission[] {
  return text.split(',').map((part) => parsePermission(part.trim(), where, code))
}

/**
 * True when the key may claim the route, and share it as `pool` where one is asked. A route whose name
 * or port the relay chooses is asked about twice: as it came (port 0: any port at all? no name: only
 * with `*`) and with what was chosen.
 */
export function isPermitted(
  permissions: readonly Permission[],
  route: RouteUrl,
  pool?: string,
): boolean {
  return (
    permissions.some((permission) => allowsRoute(permission, route)) &&
    (pool === undefined || mayJoinPool(permissions, pool))
  )
}

/** True when the key may share routes under the name; whether it may claim them is asked apart. */
export function mayJoinPool(permissions: readonly Permission[], pool: string): boolean {
  return permissions.some((permission) => allowsPool(permission, pool))
}

function parsePermission(text: string, where: string, code: ErrorCode): Permission {
  if (text === '*') return { kind: 'all' }
  if (text.startsWith('tcp:')) {
    return { kind: 'tcp', ports: parsePortRange(text.slice('tcp:'.length), where, code) }
  }
  if (text.startsWith('pool:')) {
    return { kind: 'pool', pool: parsePoolName(text.slice('pool:'.length), where, code) }
  }
  const name = text.toLowerCase()
  if (name.startsWith('*.') && isHostName(name.slice(2))) {
    return { kind: 'wildcard', parent: name.slice(2) }
  }
  if (isHost(name)) return { kind: 'name', name }
  throw badInput(code, {
    what: 'permission',
    where,
    value: text,
    right: 'a host name, *.NAME, tcp:PORT, tcp:A-B, pool:NAME or *',
  })
}

function allowsRoute(permission: Permission, route: RouteUrl): boolean {
  if (permission.kind === 'all') return true
  if (route.kind === 'tcp') {
    return (
      permission.kind === 'tcp' && (route.port === 0 || includesPort(permission.ports, route.port))
    )
  }
  if (permission.kind === 'name') return permission.name === route.name
  if (permission.kind !== 'wildcard' || route.name === undefined) return false
  const dot = route.name.indexOf('.')
  return dot > 0 && route.name.slice(dot + 1) === permission.parent
}

function allowsPool(permission: Permission, pool: string): boolean {
  return permission.kind === 'all' || (permission.kind === 'pool' && permission.pool === pool)
}
