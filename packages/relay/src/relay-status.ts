// What a running relay can tell of itself: counts, agents, routes. Nothing secret is in it, and no
// visitor's address.
import { formatListenAddress } from '@sallyport/protocol'
import { z } from 'zod'
import type { Agent } from './agent-keys.ts'
import type { CertificatePair } from './certificates/certificate-pair.ts'
import { certificateSources } from './certificates/certificate-pair.ts'
import { expiryState } from './certificates/expiry-watch.ts'
import type { AgentSession } from './agent-session.ts'
import type { Gate } from './gate.ts'
import type { Candidate } from './pool-balance.ts'

const count = z.int().min(0)

export const relayStatusSchema = z.strictObject({
  host: z.string(),
  listen: z.string(),
  state: z.enum(['serving', 'draining']),
  uptimeSeconds: count,
  visitors: count,
  parked: count,
  /** Callers who are not yet routed or authenticated. */
  undecided: count,
  /** Callers turned away since the start, by why. */
  refused: z.record(z.string(), count),
  agents: z.array(
    z.strictObject({
      agent: z.string(),
      key: z.string(),
      allow: z.string(),
      sessions: z.array(
        z.strictObject({
          connection: count,
          from: z.string(),
          software: z.string(),
          /** Absent before the first measurement. */
          rttMs: z.number().optional(),
          streams: count,
        }),
      ),
    }),
  ),
  /** What visitors may get. */
  certificates: z.array(
    z.strictObject({
      names: z.array(z.string()),
      source: z.enum(certificateSources),
      /** ISO 8601. */
      validTo: z.string(),
      daysLeft: z.int(),
      state: z.enum(['good', 'expiring', 'expired']),
    }),
  ),
  routes: z.array(
    z.strictObject({
      url: z.string(),
      agent: z.string(),
      generation: count,
      pool: z.string().optional(),
      /** dead: its origin does not answer. */
      state: z.enum(['served', 'draining', 'dead', 'away']),
      sessions: count,
      /** Of the route, whoever of a pool serves them; those who wait are among them. */
      visitors: count,
      parked: count,
    }),
  ),
})

export type RelayStatus = z.output<typeof relayStatusSchema>

export interface StatusSource {
  readonly host: string
  readonly listen: { readonly host: string; readonly port: number }
  readonly isDraining: boolean
  readonly uptimeMs: number
  readonly visitors: number
  readonly gate: Pick<Gate, 'undecided' | 'refused'>
  readonly agents: readonly Agent[]
  readonly sessions: readonly AgentSession[]
  readonly leases: readonly Candidate<AgentSession>[]
  readonly certificates: readonly CertificatePair[]
  /** Milliseconds since 1970. */
  readonly nowMs: number
  parkedCount(place: string): number
  visitorsAt(place: string): number
}

export function describeRelay(source: StatusSource): RelayStatus {
  const { agents, sessions, leases, gate } = source
  const nameOf = (keyId: string): string =>
    agents.find((agent) => agent.keyId === keyId)?.name ?? keyId
  const places = new Set(leases.map(({ claim }) => claim.place))
  return {
    host: source.host,
    listen: formatListenAddress(source.listen),
    state: source.isDraining ? 'draining' : 'serving',
    uptimeSeconds: Math.floor(source.uptimeMs / 1_000),
    visitors: source.visitors,
    parked: [...places].reduce((sum, place) => sum + source.parkedCount(place), 0),
    undecided: gate.undecided,
    refused: { ...gate.refused },
    agents: agents.map(({ name, keyId, allow }) => ({
      agent: name,
      key: keyId,
      allow,
      sessions: sessions
        .filter((session) => session.agent.keyId === keyId && session.hasSaidHello)
        .map(({ hello, from, rttMs, streamCount }) => ({
          connection: hello.connection,
          from,
          software: hello.software,
          ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs * 10) / 10 }),
          streams: streamCount,
        })),
    })),
    certificates: source.certificates.map((pair) => ({
      names: [...pair.names],
      source: pair.source,
      validTo: new Date(pair.validToMs).toISOString(),
      daysLeft: Math.floor((pair.validToMs - source.nowMs) / dayMs),
      state: expiryState(pair, source.nowMs),
    })),
    routes: leases.map((lease) => ({
      url: lease.claim.url,
      agent: nameOf(lease.claim.keyId),
      generation: lease.generation,
      ...(lease.claim.pool === undefined ? {} : { pool: lease.claim.pool }),
      state: stateOf(lease),
      sessions: lease.members.size,
      visitors: source.visitorsAt(lease.claim.place),
      parked: source.parkedCount(lease.claim.place),
    })),
  }
}

const dayMs = 86_400_000

function stateOf({ members, draining, dead }: Candidate<AgentSession>) {
  const sessions = [...members.values()].map(({ session }) => session)
  if (sessions.length === 0) return 'away'
  if (sessions.every((session) => draining.has(session))) return 'draining'
  return sessions.every((session) => dead.has(session)) ? 'dead' : 'served'
}

/** For people: a few lines, one for each agent and route. */
export function formatStatus(status: RelayStatus): string {
  const refused = Object.entries(status.refused)
    .filter(([, times]) => times > 0)
    .map(([why, times]) => `${why} ${times}`)
  const lines = [
    `${status.state} on ${status.listen} as ${status.host} for ${status.uptimeSeconds} s`,
    `visitors ${status.visitors}, parked ${status.parked}, not yet routed ${status.undecided}`,
    ...(refused.length === 0 ? [] : [`turned away: ${refused.join(', ')}`]),
    ...status.agents.flatMap(({ agent, allow, sessions }) => [
      `agent ${agent} (${allow}): ${sessions.length === 0 ? 'not here' : `${sessions.length} sessions`}`,
      ...sessions.map(
        ({ connection, from, software, rttMs, streams }) =>
          `  ${connection} from ${from}, ${software}, ${streams} streams` +
          (rttMs === undefined ? '' : `, ${rttMs} ms`),
      ),
    ]),
    ...status.routes.map(
      ({ url, agent, pool, state, sessions, visitors, parked }) =>
        `route ${url}: ${state} by ${agent}${pool === undefined ? '' : `, pool ${pool}`}, ` +
        `${sessions} sessions, ${visitors} visitors, ${parked} parked`,
    ),
    ...status.certificates.map(
      ({ names, source, validTo, daysLeft, state }) =>
        `certificate ${names.join(', ')} (${source}): ` +
        (state === 'expired' ? 'ended' : `${state}, ${daysLeft} days left, until`) +
        ` ${validTo.slice(0, 10)}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}
