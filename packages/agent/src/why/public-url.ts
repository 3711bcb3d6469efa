// Where visitors of a route come: the name or address, the port, and how the relay writes its url.
import {
  type JoinString,
  type RouteUrl,
  assignName,
  formatHostPort,
  isIp,
} from '@sallyport/protocol'

export interface PublicPlace {
  readonly kind: RouteUrl['kind']
  readonly host: string
  readonly port: number
  /** As people write it. */
  readonly url: string
}

const httpsPort = 443

/** Undefined: it cannot be reached from here, or only the relay knows its port. */
export function publicPlace(url: RouteUrl, join: JoinString): PublicPlace | undefined {
  const { kind } = url
  const host = hostOf(url, join)
  const port = url.port ?? join.port
  if (port === 0) return undefined
  const [shown = ''] = publicUrls(url, join)
  return { kind, host, port, url: shown }
}

/** The route with its name, where the relay assigns it. */
export function namedUrl(url: RouteUrl, join: JoinString): RouteUrl {
  return url.kind === 'tcp' || url.name !== undefined ? url : { ...url, name: hostOf(url, join) }
}

/** As the relay may write it in its registered message; the shortest first. */
export function publicUrls(url: RouteUrl, join: JoinString): readonly string[] {
  const long = `${url.kind}://${formatHostPort(hostOf(url, join), url.port ?? join.port)}`
  const isUsual = url.kind === 'https' && (url.port ?? join.port) === httpsPort
  return isUsual ? [long.slice(0, -`:${httpsPort}`.length), long] : [long]
}

function hostOf(url: RouteUrl, join: JoinString): string {
  if (url.kind !== 'tcp') return url.name ?? assignName(join.key.keyId, join.host)
  return url.bind !== '' && (isIp(url.bind) || url.bind === 'localhost') ? url.bind : join.host
}
