import assert from 'node:assert/strict'
import test from 'node:test'
import { type Claim, type Lease, type Verdict, judge } from './lease.ts'

const claim: Claim = {
  place: 'name a.test',
  kind: 'tls',
  url: 'tls://a.test:443',
  routeId: 'r0',
  keyId: 'key',
  process: 'P',
  connection: 0,
  held: undefined,
  channelTimeoutMs: 100_000,
}

/** Process P of key `key` holds the route with generation 10, by the sessions of these connections. */
function heldBy(connections: readonly number[], rank = 10): Lease<string> {
  const members = connections.map(
    (connection) => [connection, { session: 's', routeId: 'r0' }] as const,
  )
  return { claim, generation: 10, rank, members: new Map(members) }
}

type Case = readonly [what: string, lease: Lease<string> | undefined, Partial<Claim>, Verdict]

// docs/protocol.md §7, line by line.
const cases: readonly Case[] = [
  ['nobody holds it, first hello', undefined, {}, 'new'],
  ['nobody holds it, a process that comes back', undefined, { held: 3 }, 'new'],
  ['the same process, another connection', heldBy([0]), { connection: 1 }, 'join'],
  ['the same process, the same connection', heldBy([0]), {}, 'replace'],
  [
    'the same process, the same connection, knowing its generation',
    heldBy([0]),
    { held: 10 },
    'replace',
  ],
  ['the same process, whose sessions are all lost', heldBy([]), { held: 10 }, 'join'],
  ['the same process, one of its two connections lost', heldBy([1]), { held: 10 }, 'join'],
  ['another process, first hello', heldBy([0]), { process: 'Q' }, 'takeOver'],
  [
    'another process, first hello, on another connection',
    heldBy([0]),
    { process: 'Q', connection: 1 },
    'takeOver',
  ],
  ['another process, first hello, the holder away', heldBy([]), { process: 'Q' }, 'takeOver'],
  [
    'another process that held an older generation',
    heldBy([0]),
    { process: 'Q', held: 9 },
    'replaced',
  ],
  [
    'another process that held an older one, the holder away',
    heldBy([]),
    { process: 'Q', held: 9 },
    'replaced',
  ],
  ['another process that held generation 0', heldBy([0]), { process: 'Q', held: 0 }, 'replaced'],
  [
    'another process that held the same generation',
    heldBy([0]),
    { process: 'Q', held: 10 },
    'takeOver',
  ],
  [
    'another process that held a newer generation',
    heldBy([0]),
    { process: 'Q', held: 11 },
    'takeOver',
  ],
  // The holder itself came back to a vacant route, having held generation 5 before.
  ['older than a holder that came back', heldBy([0], 5), { process: 'Q', held: 4 }, 'replaced'],
  [
    'newer than a holder that came back first',
    heldBy([0], 5),
    { process: 'Q', held: 9 },
    'takeOver',
  ],
  ['another key, first hello', heldBy([0]), { keyId: 'other', process: 'Q' }, 'held'],
  ['another key, the holder away', heldBy([]), { keyId: 'other', process: 'Q' }, 'held'],
  [
    'another key with a newer generation',
    heldBy([0]),
    { keyId: 'other', process: 'Q', held: 99 },
    'held',
  ],
  ['another key under the same process id', heldBy([0]), { keyId: 'other' }, 'held'],
]

for (const [what, lease, change, verdict] of cases) {
  test(`lease: ${what}: ${verdict}`, () => {
    assert.equal(judge(lease ? [lease] : [], { ...claim, ...change }), verdict)
  })
}
