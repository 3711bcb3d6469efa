import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Flag, FrameType } from '@sallyport/protocol'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { freeWrites, packetBytes, spacingsPerRoundTrip } from './limits.ts'
import { Pace } from './pace.ts'
import { RoundTrip } from './round-trip.ts'
import { Spacing } from './spacing.ts'
import type { Transport } from './transport.ts'
import { Turns } from './turns.ts'

/** What TCP sends after a pause before it hears of the first packet (RFC 6928 §2). */
const initialWindowPackets = 10
const rttMs = 100
const spacingMs = rttMs / spacingsPerRoundTrip
const visitors = 16

/** Takes everything at once and notes when, and how much. */
class CountingTransport implements Transport {
  readonly messageHeaderBytes = 0
  readonly #clock: FakeClock
  readonly sent: { readonly atMs: number; readonly bytes: number }[] = []

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  sealMessage(_slab: Buffer, _start: number, end: number): number {
    return end
  }

  send(sealed: Buffer, taken: () => void): void {
    this.sent.push({ atMs: this.#clock.now(), bytes: sealed.length })
    taken()
  }

  start(): void {}
  close(): void {}
  destroy(): void {}
}

function startTurns(pathMs: number) {
  const clock = new FakeClock(1)
  const roundTrip = new RoundTrip()
  roundTrip.add(pathMs, clock.now())
  const pace = new Pace({ clock, roundTrip, sendMarker: () => {} })
  const transport = new CountingTransport(clock)
  const turns = new Turns(transport, pace, new Spacing(clock, roundTrip), clock)
  /** Lets the time pass in steps, each followed by the event loop's turns. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 0.5) {
      clock.advance(0.5)
      for (let turn = 0; turn < 3; turn++) await nextTurn()
    }
  }
  return { clock, transport, turns, pass }
}

test('spacing: a burst of visitors fits what TCP may send after a pause, and none waits long', async () => {
  for (const bytes of [116, 417]) {
    const { clock, transport, turns, pass } = startTurns(rttMs)
    const dueBytes: { readonly atMs: number; readonly total: number }[] = []
    let total = 0
    for (let visitor = 0; visitor < visitors; visitor++) {
      turns.writeData(Flag.none, visitor + 1, Buffer.alloc(bytes - 12), 0, bytes - 12)
      total += bytes
      dueBytes.push({ atMs: clock.now() + spacingMs + 0.5, total })
      await pass(0.5)
    }
    await pass(2 * spacingMs)
    const packets = transport.sent.reduce((sum, write) => sum + Math.ceil(write.bytes / 1_448), 0)
    assert.ok(packets <= initialWindowPackets, `${packets} packets of ${visitors} x ${bytes} bytes`)
    for (const due of dueBytes) {
      const gone = transport.sent.filter(({ atMs }) => atMs <= due.atMs)
      const goneBytes = gone.reduce((sum, write) => sum + write.bytes, 0)
      assert.ok(goneBytes >= due.total, 'it left within a spacing')
    }
    assert.equal(clock.pendingTimers, 0)
  }
})

test('spacing: visitors one by one wait for nothing', async () => {
  const { clock, transport, turns, pass } = startTurns(rttMs)
  for (let visit = 1; visit <= 5; visit++) {
    turns.writeControl(FrameType.windowUpdate, Flag.fin, visit, 0)
    await pass(0.5)
    turns.writeControl(FrameType.windowUpdate, Flag.ack, visit + 1, 0)
    await pass(0.5)
    turns.writeData(Flag.none, visit + 1, Buffer.alloc(400), 0, 400)
    const atMs = clock.now()
    await pass(0.5)
    assert.equal(transport.sent.length, 3 * visit)
    assert.ok((transport.sent.at(-1)?.atMs ?? Infinity) <= atMs + 0.5)
    await pass(rttMs)
  }
})

test('spacing: what fills a packet leaves at once', async () => {
  const { transport, turns, pass } = startTurns(rttMs)
  const writes = freeWrites + 5
  for (let write = 1; write <= writes; write++) {
    turns.writeData(Flag.none, write, Buffer.alloc(packetBytes), 0, packetBytes)
    await pass(0.5)
    assert.equal(transport.sent.length, write)
  }
})

test('spacing: nothing waits on a short path', async () => {
  const { transport, turns, pass } = startTurns(20)
  for (let write = 1; write <= 30; write++) {
    turns.writeControl(FrameType.windowUpdate, Flag.none, write, 1)
    await pass(0.5)
    assert.equal(transport.sent.length, write)
  }
})
