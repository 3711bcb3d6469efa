// A route as the forwarder serves it: bytes to one origin, or HTTP by rules to one of several.
import type { HttpPolicy } from './http/index.ts'
import type { DialledOrigin, Origin } from './origin.ts'

/** What its owner wants of the HTTP of a route. */
export interface HttpSettings {
  readonly policy: HttpPolicy
  /** Further targets, for the paths under a prefix of their own; `/` is the route's origin. */
  readonly paths: readonly { readonly prefix: string; readonly origin: DialledOrigin }[]
  /** The settings as they were written: tells one policy from another. */
  readonly written?: string
}

export interface HttpRoute extends HttpSettings {
  /** The host of its public url, without brackets; undefined until the relay has granted it. */
  readonly publicHost: string | undefined
}

export interface ServedRoute {
  readonly origin: Origin
  /** On https routes, and where TLS ends here: elsewhere bytes pass as they are. */
  readonly http?: HttpRoute | undefined
  /** Whose TLS ends here, by a certificate of this name; the HTTP is inside. */
  readonly tlsName?: string | undefined
}

export const plainHttp: HttpSettings = { policy: {}, paths: [] }
