// A visitor's way to one route, hop by hop: who holds it, its name, its port, its certificate, a visit.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { SallyportError, formatHostPort, isIp } from '@sallyport/protocol'
import type { JoinString } from '@sallyport/protocol'
import type { HttpProxy } from '../http-proxy.ts'
import type { RouteRequest } from '../route-book.ts'
import { type RouteStanding, askRoute } from './ask-route.ts'
import { judgeCertificate } from './certificate-verdict.ts'
import { findAddresses } from './find-addresses.ts'
import { type Hop, type HopName, asFailure, brokenHop } from './hop.ts'
import { openWay } from './open-way.ts'
import type { OriginFinding } from './origin-hop.ts'
import { type PublicPlace, namedUrl, publicPlace } from './public-url.ts'
import { nameText } from './relay-hops.ts'
import { visitHop } from './visit-hop.ts'
import { greet } from './visitor-tls.ts'
import type { WhyWorld } from './why-world.ts'

export interface PublicWay {
  readonly request: Pick<RouteRequest, 'url' | 'pool' | 'balance' | 'check'>
  readonly join: JoinString
  readonly proxy: HttpProxy | undefined
  readonly relayAddresses: readonly string[]
  /** What the service said to a dial from here; undefined: it is not known where it is. */
  readonly origin: OriginFinding | undefined
}

/** Ends after the first broken hop. */
export async function* publicHops(way: PublicWay, world: WhyWorld): AsyncGenerator<Hop> {
  const { join, proxy } = way
  const { clock } = world
  const url = namedUrl(way.request.url, join)
  const place = publicPlace(url, join)
  const route = place?.url ?? 'tcp://:0'
  let startMs = clock.now()
  const took = (): number => clock.now() - startMs
  const broken = (hop: HopName, error: unknown): Hop =>
    brokenHop(hop, asFailure(error, 'SP_UNREACHABLE'), { route, ms: took() })
  if (!place) {
    const text = 'the relay picks its port: ask with the one that agent connect printed'
    yield { hop: 'route', route, state: 'skipped', text }
    return
  }

  let standing: RouteStanding
  try {
    standing = await askRoute({ ...way.request, url }, join, world)
    yield { hop: 'route', route, state: 'ok', ms: took(), text: standingText(standing) }
  } catch (error) {
    yield broken('route', error)
    return
  }

  startMs = clock.now()
  let address = place.host
  if (!isIp(place.host)) {
    try {
      const addresses = await findAddresses(place.host, world)
      address = addresses[0] ?? place.host
      yield nameHop(place, addresses, way.relayAddresses, took())
    } catch (error) {
      yield broken('public name', error)
      return
    }
  }

  startMs = clock.now()
  let socket: Socket
  const target = { host: proxy ? place.host : address, port: place.port }
  try {
    socket = await openWay(target, proxy, world)
    const text = `${formatHostPort(target.host, target.port)} takes connections`
    yield { hop: 'public port', route, state: 'ok', ms: took(), text }
  } catch (error) {
    const isVacant = place.kind === 'tcp' && standing === 'free'
    const noAgent = new SallyportError('SP_NO_AGENT', `nobody serves ${place.url}`)
    yield broken('public port', isVacant ? noAgent : error)
    return
  }

  if (place.kind !== 'tcp') {
    startMs = clock.now()
    try {
      const tls = await greet(socket, place, world)
      socket = tls
      yield certificateHop(tls, place, world, took())
    } catch (error) {
      socket.destroy()
      yield broken('certificate', error)
      return
    }
  }
  yield await visitHop({ socket, place, standing, ...way }, world)
}

function standingText(standing: RouteStanding): string {
  return standing === 'ours' ? 'an agent with this key holds it' : 'this key may have it'
}

function nameHop(
  { host, url: route }: PublicPlace,
  addresses: readonly string[],
  relayAddresses: readonly string[],
  ms: number,
): Hop {
  const text = nameText(host, addresses)
  const isElsewhere =
    relayAddresses.length > 0 && !addresses.some((one) => relayAddresses.includes(one))
  const hop = { hop: 'public name', route, ms } as const
  if (!isElsewhere) return { ...hop, state: 'ok', text }
  const fix = `its record should lead to the relay, unless something of yours stands in between`
  return {
    ...hop,
    state: 'warn',
    text: `${text}; the relay is at ${relayAddresses.join(', ')}`,
    fix,
  }
}

function certificateHop(tls: TLSSocket, place: PublicPlace, world: WhyWorld, ms: number): Hop {
  const { url: route, host } = place
  const certificate = tls.getPeerX509Certificate()
  if (!certificate) {
    const none = new SallyportError('SP_CERTIFICATE', 'no certificate was shown')
    return brokenHop('certificate', none, { route, ms })
  }
  // Node's declarations know an Error here; what it sets is the code.
  const error: unknown = tls.authorizationError
  const isChains = typeof error === 'string' && error !== 'ERR_TLS_CERT_ALTNAME_INVALID'
  const chainError = isChains ? error : undefined
  const verdict = judgeCertificate({ certificate, host, today: world.today(), chainError })
  const text = `the certificate ${verdict.text}`
  const { state, fix } = verdict
  const hop = { hop: 'certificate', route, ms, state, text } as const
  return {
    ...hop,
    ...(fix !== undefined && { fix }),
    ...(state === 'broken' && { code: 'SP_CERTIFICATE' as const }),
  }
}
