// `agent why`: from outside in, through the public address and back, hop by hop. Takes no route from
// anybody and leaves nothing behind but one visit for each route.
import type { JoinString } from '@sallyport/protocol'
import type { HttpProxy } from '../http-proxy.ts'
import type { Origin } from '../origin.ts'
import type { RouteRequest } from '../route-book.ts'
import type { Hop } from './hop.ts'
import { tryOrigin } from './origin-hop.ts'
import { publicHops } from './public-hops.ts'
import { namedUrl, publicPlace } from './public-url.ts'
import { relayHops } from './relay-hops.ts'
import type { WhyWorld } from './why-world.ts'

/** A route; without an origin it is not known what is behind it. */
export type WhyRoute = Omit<RouteRequest, 'origin'> & { readonly origin?: Origin | undefined }

export interface WhyOptions {
  readonly join: JoinString
  readonly httpProxy?: HttpProxy | undefined
  readonly routes: readonly WhyRoute[]
}

/** Never throws: what goes wrong is a broken hop. The first broken one is the reason. */
export async function* why(options: WhyOptions, world: WhyWorld): AsyncGenerator<Hop> {
  const { join, httpProxy: proxy, routes } = options
  const relayAddresses = yield* relayHops(join, proxy, world)
  for (const request of routes) {
    const { origin, url } = request
    const route = publicPlace(namedUrl(url, join), join)?.url ?? 'tcp://:0'
    const found = origin && (await tryOrigin(origin, url.kind !== 'https', world))
    if (relayAddresses) {
      yield* publicHops({ request, join, proxy, relayAddresses, origin: found }, world)
    }
    if (found) yield { ...found.hop, route }
  }
}

/**
 * The hop to name: the first broken one, but of a visit that failed because of its service, that.
 */
export function brokenOf(hops: readonly Hop[]): Hop | undefined {
  const first = hops.find(({ state }) => state === 'broken')
  if (first?.hop !== 'visit') return first
  const isItsOrigin = ({ hop, route, state }: Hop): boolean =>
    hop === 'origin' && state === 'broken' && route === first.route
  return hops.find(isItsOrigin) ?? first
}
