// Which session the next visitor of a route gets: among the keys of a pool each in turn, or the one with
// the fewest streams; among the sessions of one key each in turn. Pure: knows no leases and no sockets.
import type { Balance } from '@sallyport/protocol'
import type { Lease, Member } from './lease.ts'

/** One key with its sessions. */
export interface Candidate<S> extends Lease<S> {
  /** Members that take no new visitors, because their agent is about to end. */
  readonly draining: Set<S>
  /** Members whose origin does not answer. */
  readonly dead: Set<S>
  /** Counts visitors. */
  turn: number
}

/**
 * The candidates come with the one first that had no visitor for longest. Where every origin is dead one
 * of them is chosen all the same: its agent knows best what to tell the visitor.
 */
export function chooseMember<S>(
  candidates: readonly Candidate<S>[],
  balance: Balance,
  loadOf: (session: S) => number,
  isFull: (session: S) => boolean,
): { readonly candidate: Candidate<S>; readonly member: Member<S> } | undefined {
  const open = (candidate: Candidate<S>): readonly Member<S>[] =>
    openMembers(candidate, (session) => !isFull(session))
  const alive = (candidate: Candidate<S>): readonly Member<S>[] =>
    openMembers(candidate, (session) => !candidate.dead.has(session) && !isFull(session))
  return choose(candidates, alive, balance, loadOf) ?? choose(candidates, open, balance, loadOf)
}

function choose<S>(
  candidates: readonly Candidate<S>[],
  membersOf: (candidate: Candidate<S>) => readonly Member<S>[],
  balance: Balance,
  loadOf: (session: S) => number,
): { readonly candidate: Candidate<S>; readonly member: Member<S> } | undefined {
  let best: { readonly candidate: Candidate<S>; readonly members: readonly Member<S>[] } | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const members = membersOf(candidate)
    if (members.length === 0) continue
    const load =
      balance === 'round-robin' ? 0 : members.reduce((sum, { session }) => sum + loadOf(session), 0)
    if (load >= least) continue
    least = load
    best = { candidate, members }
  }
  const member = best?.members[best.candidate.turn++ % best.members.length]
  return best && member && { candidate: best.candidate, member }
}

/** Those whose agent is not about to end, and whose session is fit. */
export function openMembers<S>(
  { members, draining }: Candidate<S>,
  isFit: (session: S) => boolean = () => true,
): readonly Member<S>[] {
  const open: Member<S>[] = []
  for (const member of members.values()) {
    if (!draining.has(member.session) && isFit(member.session)) open.push(member)
  }
  return open
}
