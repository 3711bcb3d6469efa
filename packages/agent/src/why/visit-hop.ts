// What a visit says of the hops behind the relay.
import type { Socket } from 'node:net'
import { type ErrorCode, SallyportError } from '@sallyport/protocol'
import { adviseOn } from '../doctor/dev-server.ts'
import type { RouteStanding } from './ask-route.ts'
import { type Hop, asFailure, brokenHop } from './hop.ts'
import type { PublicWay } from './public-hops.ts'
import type { PublicPlace } from './public-url.ts'
import { errorOfAnswer, get, watch } from './visit-route.ts'
import type { WhyWorld } from './why-world.ts'

export interface VisitFacts extends Pick<PublicWay, 'request' | 'origin'> {
  readonly socket: Socket
  readonly place: PublicPlace
  readonly standing: RouteStanding
}

/** The route's own rules, which did what they are for. */
const rules: ReadonlySet<ErrorCode> = new Set(['SP_HTTP_UNAUTHORIZED', 'SP_HTTP_FORBIDDEN'])

/** Takes the socket over. */
export async function visitHop(facts: VisitFacts, world: WhyWorld): Promise<Hop> {
  const { clock } = world
  const startMs = clock.now()
  const route = facts.place.url
  try {
    const found = facts.place.kind === 'https' ? await ask(facts, world) : await stand(facts, world)
    return { hop: 'visit', route, ms: clock.now() - startMs, ...found }
  } catch (error) {
    const ms = clock.now() - startMs
    const failure = blame(asFailure(error, 'SP_STREAM_RESET'), facts)
    // Said in full, with what listens instead, by the origin's own hop.
    return brokenHop('visit', failure, { route, ms })
  }
}

type Found = Pick<Hop, 'state' | 'text' | 'fix' | 'code'>

async function ask(facts: VisitFacts, world: WhyWorld): Promise<Found> {
  const { place, request, socket, standing } = facts
  const path = request.check?.kind === 'http' ? request.check.path : '/'
  const answer = await get(socket, place, path, world)
  const error = errorOfAnswer(answer)
  const text = `GET ${path} is answered ${answer.status}`
  if (error && rules.has(error.code)) {
    return {
      state: 'ok',
      text: `${text}: the agent keeps us out, as its rules say (${error.code})`,
    }
  }
  if (error) throw error
  // The relay's own 404, for who names no host and finds no bare address served.
  const isEmpty = answer.status === 404 && answer.field('content-length') === '0'
  if (isEmpty && standing === 'free') {
    throw new SallyportError('SP_NO_AGENT', `nobody serves ${place.url}`)
  }
  const { status, body } = answer
  const { origin } = new URL(place.url)
  const advice = adviseOn({ status, path, body }, { ...place, origin })
  if (!advice) return { state: 'ok', text }
  const { server, problem, file, line, flag } = advice
  const instead = flag === undefined ? '' : `; or agent connect ${flag}`
  return {
    state: 'broken',
    code: 'SP_ORIGIN_HOST',
    text: `${text}: ${server} ${problem}`,
    fix: `in ${file}: ${line}${instead}`,
  }
}

async function stand({ socket, origin, place }: VisitFacts, world: WhyWorld): Promise<Found> {
  const visit = await watch(socket, world)
  if (visit === 'speaks') return { state: 'ok', text: 'the service speaks to us' }
  if (origin?.speaksFirst) {
    throw new SallyportError(
      'SP_CHANNEL_TIMEOUT',
      `${place.url} says nothing, but the service speaks first: the relay lets us wait`,
    )
  }
  return {
    state: 'ok',
    text: 'the connection stands; whether the service has it cannot be seen, because it says nothing first',
  }
}

/** Broken off behind the relay: when the service refuses here too, it is the service. */
function blame(failure: SallyportError, { origin, place }: VisitFacts): SallyportError {
  if (failure.code !== 'SP_STREAM_RESET') return failure
  const isService = origin?.hop.state === 'broken'
  const what = isService ? 'because the service refuses' : 'by the agent or the service behind it'
  return new SallyportError(
    isService ? 'SP_ORIGIN_REFUSED' : 'SP_STREAM_RESET',
    `a visit of ${place.url} is broken off before an answer, ${what}`,
  )
}
