// Byte path 2/8: what a visitor asks for -> the leases on it -> a session that serves it. Holds the
// leases and hands out generations; knows no sockets. A lease outlives its last session by the
// channel timeout, in which visitors are parked, unless another key of the pool serves them. In memory;
// a registry shared by several relays would stand in its place.
import type { Clock, Timer } from '@sallyport/mux'
import { isAdmitted } from '@sallyport/protocol'
import { type Claim, type Lease, type Member, type Verdict, judge } from './lease.ts'
import { type Candidate, chooseMember, openMembers } from './pool-balance.ts'

/** Generations of one boot: 2^21 boots x 2^32 grants stay safe integers. */
const generationsPerBoot = 2 ** 32

export interface RoutesOptions<S> {
  readonly clock: Clock
  /** How often this relay has started, from 1: generations go on rising over a restart. */
  readonly boot: number
  /** A lease ended: nobody came back in time, or its key was removed. */
  onReleased(lease: Lease<S>): void
  /** Visitors and other streams that the session has; for pools that go by least connections. */
  loadOf(session: S): number
  /** Its agent has as many visitors as it may. */
  isFull(session: S): boolean
}

export interface Grant<S> {
  readonly verdict: 'new' | 'join' | 'replace' | 'takeOver'
  readonly generation: number
  /** Sessions that serve this route no longer. */
  readonly fenced: readonly S[]
}

interface Entry<S> extends Candidate<S> {
  expiry: Timer | undefined
}

export class Routes<S> {
  readonly #options: RoutesOptions<S>
  /** By place; of several, the one that had no visitor for longest comes first. */
  readonly #leases = new Map<string, readonly Entry<S>[]>()
  #granted = 0

  constructor(options: RoutesOptions<S>) {
    this.#options = options
  }

  /** The lease on the route, one of them where it is a pool's: they differ in who serves only. */
  find(place: string): Lease<S> | undefined {
    return this.#at(place)[0]
  }

  /** Whether everybody who serves the route lets the address in: a pool's next member may be any. */
  admits(place: string, address: string): boolean {
    return this.#at(place).every(({ claim }) => !claim.access || isAdmitted(claim.access, address))
  }

  list(): readonly Candidate<S>[] {
    return this.#all()
  }

  judge(claim: Claim): Verdict {
    return judge(this.#at(claim.place), claim)
  }

  /** Acts on a claim that was judged and permitted. */
  grant(verdict: Grant<S>['verdict'], claim: Claim, session: S): Grant<S> {
    const leases = this.#at(claim.place)
    const before = leases.find((entry) => entry.claim.keyId === claim.keyId)
    const isKept = before !== undefined && (verdict === 'join' || verdict === 'replace')
    const fenced = isKept
      ? [before.members.get(claim.connection)?.session]
      : [...(before?.members.values() ?? [])].map((member) => member.session)
    const generation = isKept ? before.generation : this.#nextGeneration()
    const entry: Entry<S> = {
      claim,
      generation,
      rank: isKept ? before.rank : verdict === 'new' ? (claim.held ?? generation) : generation,
      members: isKept ? before.members : new Map<number, Member<S>>(),
      draining: isKept ? before.draining : new Set<S>(),
      dead: isKept ? before.dead : new Set<S>(),
      expiry: undefined,
      turn: 0,
    }
    if (before?.expiry) this.#options.clock.clearTimeout(before.expiry)
    entry.members.set(claim.connection, { session, routeId: claim.routeId })
    // A newcomer comes first: it has had no visitor at all.
    this.#leases.set(claim.place, [entry, ...leases.filter((one) => one !== before)])
    return { verdict, generation, fenced: fenced.filter((one) => one !== undefined) }
  }

  /** A session for the next visitor, in turn; undefined while the agent is away or the route unknown. */
  pick(place: string): Member<S> | undefined {
    const leases = this.#at(place)
    let newest = leases[0]
    for (const lease of leases) if (newest && lease.generation > newest.generation) newest = lease
    const { loadOf, isFull } = this.#options
    const balance = newest?.claim.balance ?? 'round-robin'
    const chosen = chooseMember(leases, balance, loadOf, isFull)
    if (!chosen) return undefined
    const { candidate, member } = chosen
    if (leases.length > 1) {
      const isServing = (one: Entry<S>): boolean => one === candidate
      this.#leases.set(place, [
        ...leases.filter((one) => !isServing(one)),
        ...leases.filter(isServing),
      ])
    }
    return member
  }

  /** Somebody serves the route, and all who do have as many visitors as they may. */
  isFull(place: string): boolean {
    const members = this.#at(place).flatMap((lease) => openMembers(lease))
    return members.length > 0 && members.every(({ session }) => this.#options.isFull(session))
  }

  /**
   * The origin behind a session's route answers, or does not. While another member of the pool is
   * alive a dead one gets no visitors.
   * @returns the lease, when that is news.
   */
  setAlive(session: S, routeId: string, isAlive: boolean): Lease<S> | undefined {
    const entry = this.#all().find((one) =>
      [...one.members.values()].some(
        (member) => member.session === session && member.routeId === routeId,
      ),
    )
    if (!entry || entry.dead.has(session) === !isAlive) return undefined
    if (isAlive) entry.dead.delete(session)
    else entry.dead.add(session)
    return entry
  }

  /** Whether the session serves any route. */
  serves(session: S): boolean {
    return this.list().some((lease) => isMember(lease, session))
  }

  /** The session's agent is about to end: no new visitors for it. */
  drain(session: S): void {
    for (const entry of this.#all()) {
      if (isMember(entry, session)) entry.draining.add(session)
    }
  }

  /** The session is gone. Returns the leases that nobody serves now; they wait for the agent. */
  leave(session: S): readonly Lease<S>[] {
    const away: Lease<S>[] = []
    for (const entry of this.#all()) {
      for (const [connection, member] of entry.members) {
        if (member.session === session) entry.members.delete(connection)
      }
      entry.draining.delete(session)
      entry.dead.delete(session)
      if (entry.members.size > 0 || entry.expiry) continue
      entry.expiry = this.#options.clock.setTimeout(
        () => this.#release(entry),
        entry.claim.channelTimeoutMs,
      )
      away.push(entry)
    }
    return away
  }

  /** The session serves only the places given from now on; a lease that nobody is left for ends. */
  withdraw(session: S, kept: ReadonlySet<string>): void {
    for (const entry of this.list()) {
      if (kept.has(entry.claim.place) || !isMember(entry, session)) continue
      for (const [connection, member] of entry.members) {
        if (member.session === session) entry.members.delete(connection)
      }
      if (entry.members.size === 0) this.#release(entry)
    }
  }

  /** Ends one lease at once. */
  revoke(lease: Lease<S>): void {
    this.#release(lease)
  }

  /** Ends all leases of a key at once. */
  releaseKey(keyId: string): void {
    for (const entry of this.list()) if (entry.claim.keyId === keyId) this.#release(entry)
  }

  /** Ends all leases at once. */
  releaseAll(): void {
    for (const entry of this.list()) this.#release(entry)
  }

  #release(lease: Lease<S>): void {
    const { place } = lease.claim
    const leases = this.#at(place)
    const entry = leases.find((one) => one === lease)
    if (!entry) return
    if (entry.expiry) this.#options.clock.clearTimeout(entry.expiry)
    const others = leases.filter((one) => one !== entry)
    if (others.length > 0) this.#leases.set(place, others)
    else this.#leases.delete(place)
    this.#options.onReleased(lease)
  }

  #at(place: string): readonly Entry<S>[] {
    return this.#leases.get(place) ?? []
  }

  #all(): readonly Entry<S>[] {
    return [...this.#leases.values()].flat()
  }

  #nextGeneration(): number {
    this.#granted += 1
    return this.#options.boot * generationsPerBoot + this.#granted
  }
}

function isMember<S>(lease: Lease<S>, session: S): boolean {
  return [...lease.members.values()].some((member) => member.session === session)
}
