// A session whose peer is in the test's hand, beside an honest session of the same process that must
// not feel it, and the memory of both.
import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MuxStream } from '@sallyport/mux'
import { FakeClock } from './fake-clock.ts'
import { createMemoryLink } from './memory-link.ts'
import { usedMiB } from './memory.ts'
import { naiveEncode } from './naive-frame.ts'
import { RawPeer, type } from './raw-peer.ts'
import { SessionSide, type Side, createSessionPair, openStream } from './session-pair.ts'
import { writeOffsets } from './stream-writer.ts'

export interface Abuse {
  readonly peer: RawPeer
  readonly victim: SessionSide
  readonly clock: FakeClock
  /** The peer's nth stream's id, from 0. */
  peerId(index: number): number
}

export interface AbuseOptions {
  /** The victim's role; default relay, so that the peer's ids are odd. */
  readonly side?: Side
  /** Takes the peer's streams; default: reads and forgets. */
  readonly onStream?: (stream: MuxStream) => void
  /** What the victim may hold in the end, above what it held before; default 16 MiB. */
  readonly growthMiB?: number
}

/** Reads all and keeps nothing. */
export function forget(stream: MuxStream): void {
  stream.receive({ onData: (chunk) => stream.consumed(chunk.length), onReset: () => {} })
}

/**
 * Runs `attack` while an honest session goes on; then the honest one is whole, and the process holds
 * little more than before.
 */
export async function underAbuse(
  options: AbuseOptions,
  attack: (abuse: Abuse) => Promise<void>,
): Promise<void> {
  const { side = 'relay', onStream = forget, growthMiB = 16 } = options
  await using honest = createSessionPair()
  const { opener, taker } = await openStream(honest.agent, honest.relay)
  const link = createMemoryLink({ capacityBytes: 1024 * 1024 })
  const clock = new FakeClock()
  const transport = side === 'relay' ? link.relay : link.agent
  await using victim = new SessionSide({ transport, side, clock, onStream })
  const peer = new RawPeer(side === 'relay' ? link.agent : link.relay)
  const peerId = (index: number) => 2 * index + (side === 'relay' ? 1 : 2)

  const before = usedMiB()
  let isOver = false
  const attacking = attack({ peer, victim, clock, peerId }).finally(() => {
    isOver = true
  })
  const key = 9
  let bytes = 0
  taker.expect({ key, bytes: Infinity })
  while (!isOver) {
    await writeOffsets(opener, key, 20_000, { offset: bytes })
    bytes += 20_000
    await taker.until('the honest bytes', () => taker.receivedBytes === bytes)
    await nextTurn()
  }
  await attacking
  const growth = usedMiB() - before
  assert.ok(growth <= growthMiB, `${growth.toFixed(1)} MiB more than before`)
  assert.equal(honest.agent.isClosed || honest.relay.isClosed, false)
  assert.ok(bytes > 0)
  assert.equal(taker.isSpoiled, false)
}

/** One test for each role of the victim: the ids differ, the answer may not. */
export function abuse(
  what: string,
  attack: (abuse: Abuse) => Promise<void>,
  options: AbuseOptions = {},
) {
  for (const side of ['relay', 'agent'] as const) {
    test(`mux: ${what} (victim: ${side})`, () => underAbuse({ ...options, side }, attack))
  }
}

/** The frames of one chunk, each made from its number. */
export function batch(
  count: number,
  frame: (index: number) => Parameters<typeof naiveEncode>[0],
): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => naiveEncode(frame(index))))
}

export async function closedFor(message: RegExp, { victim, peer }: Abuse): Promise<void> {
  const error = await victim.closed()
  assert.equal(error.code, 'SP_PROTOCOL')
  assert.match(error.message, message)
  // The peer is told: go away with a protocol error, then the WebSocket close code for one.
  await peer.changes.until('the goodbye', () => peer.end !== undefined)
  assert.equal(peer.end?.code, 1002)
  const last = peer.frames.findLast((frame) => frame.type === type.goAway)
  assert.equal(last?.length, 1)
}

/** The victim's link stands still: whatever it answers piles up at its own end. */
export function holdAnswers({ peer }: Abuse): void {
  peer.transport.peer.hold()
}
