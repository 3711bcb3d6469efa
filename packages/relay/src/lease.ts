// One key's claim on one route, and the judgement on the next claim: who may join, replace, take
// over, or must go (docs/protocol.md §7). In a pool several keys hold a lease each on one route. Pure:
// no sockets, no clock.
import type { AccessList, Balance } from '@sallyport/protocol'

/** What an agent asks for when it registers one route in one of its sessions. */
export interface Claim {
  /** What visitors ask for, as the relay tells routes apart: `name app.example.com`, `tcp :2222`. */
  readonly place: string
  readonly kind: 'https' | 'tls' | 'passthrough' | 'tcp'
  /** The public url. */
  readonly url: string
  /** The agent's word for the route, in every stream's PROXY header. */
  readonly routeId: string
  readonly keyId: string
  /** 16 random bytes that name the agent's process. */
  readonly process: string
  /** Which of the process's sessions this is. */
  readonly connection: number
  /** The generation that this process held last; absent in its first hello. */
  readonly held: number | undefined
  readonly channelTimeoutMs: number
  /** Shares the route with other keys that ask for it as the same pool. */
  readonly pool?: string | undefined
  readonly balance?: Balance | undefined
  /** Who may visit, by address; absent: everybody. */
  readonly access?: AccessList | undefined
}

/** One session that serves the route. */
export interface Member<S> {
  readonly session: S
  readonly routeId: string
}

export interface Lease<S> {
  readonly claim: Claim
  /** Rises with every change of process; what is older is fenced. */
  readonly generation: number
  /**
   * How new the holder is, for judging a process that comes back with a generation of its own. The
   * holder's generation, unless it had come back itself to a vacant route: then the one that it held
   * before. So a sleeper that came back first, after a restart or a lapse, keeps nobody out.
   */
  readonly rank: number
  /** By connection number. Empty while the agent is away. */
  readonly members: Map<number, Member<S>>
}

export type Verdict =
  /** Nobody holds the route, or only others of the same pool. */
  | 'new'
  /** Another session of the same process. */
  | 'join'
  /** The same process again: its session of the same number is dead. */
  | 'replace'
  /** A newer process of the same key: the holder is fenced. */
  | 'takeOver'
  /** An older process of the same key: a sleeper may not steal back. */
  | 'replaced'
  /** Another key, outside a common pool. */
  | 'held'

/** What becomes of a claim on a route on which these leases are. */
export function judge<S>(leases: readonly Lease<S>[], claim: Claim): Verdict {
  const own = leases.find((lease) => lease.claim.keyId === claim.keyId)
  if (leases.some((lease) => lease !== own && !isShared(lease.claim, claim))) return 'held'
  if (own === undefined) return 'new'
  if (claim.process === own.claim.process) {
    return own.members.has(claim.connection) ? 'replace' : 'join'
  }
  return claim.held !== undefined && claim.held < own.rank ? 'replaced' : 'takeOver'
}

/** Whether two keys may both serve the route: as one pool, and in the same way. */
export function isShared(one: Claim, other: Claim): boolean {
  return one.pool !== undefined && one.pool === other.pool && one.kind === other.kind
}
