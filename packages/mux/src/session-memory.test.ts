import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SallyportError } from '@sallyport/protocol'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { joinSessions, transportKinds } from '../../../test/support/mux-transports.ts'
import { createSessionPair, openStream } from '../../../test/support/session-pair.ts'
import { buffersInUse } from './buffer-pool.ts'
import { MemoryBudget } from './memory-budget.ts'

/** A pair whose relay may hold 100,000 bytes, on a clock of the test's; nobody reads. */
function smallPair() {
  const clock = new FakeClock()
  const budget = new MemoryBudget(100_000)
  const recorder = { isReading: false }
  // Only the relay is on the test's clock: the heartbeat of both is not the matter here.
  const pair = createSessionPair({ relay: { clock, budget, recorder } })
  const send = async (from: Awaited<ReturnType<typeof openStream>>, bytes: number) => {
    const due = from.taker.receivedBytes + bytes
    from.opener.stream.write(Buffer.alloc(bytes))
    await from.taker.until(`${due} bytes`, () => from.taker.receivedBytes === due)
  }
  /** Time passes, with the heartbeat's answers in between. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000)
      const echo = await openStream(pair.agent, pair.relay)
      echo.opener.stream.reset()
      await echo.taker.reset()
    }
  }
  return { ...pair, budget, send, pass }
}

test('session: over the budget a silent stream stays, and one whose sink stalls goes', async () => {
  await using pair = smallPair()
  const idle = await openStream(pair.agent, pair.relay)
  const full = await openStream(pair.agent, pair.relay)
  await pair.pass(20_000)
  await pair.send(full, 60_000)
  await pair.send(full, 60_000)
  assert.equal(pair.budget.heldBytes, 120_000)
  assert.deepEqual([idle.taker.events, full.taker.events], [[], []])
  await pair.pass(11_000)
  idle.opener.stream.write(Buffer.alloc(1))
  const error = await full.taker.reset()
  assert.match(error.message, /took nothing/)
  assert.equal((await full.opener.reset()).code, 'SP_STREAM_RESET')
  await idle.taker.until('its byte', () => idle.taker.receivedBytes === 1)
  assert.deepEqual(idle.taker.events, [])
  assert.equal(pair.budget.heldBytes, 1)
})

test('session: a sink that takes a little of what it holds is not stalled', async () => {
  await using pair = smallPair()
  const slow = await openStream(pair.agent, pair.relay)
  await pair.send(slow, 60_000)
  await pair.send(slow, 60_000)
  for (let round = 0; round < 4; round++) {
    await pair.pass(9_000)
    slow.taker.readBytes(1)
    await pair.send(slow, 1)
  }
  assert.deepEqual(slow.taker.events, [])
})

test('session: a stream that ended both ways is given up like an open one', async () => {
  await using pair = smallPair()
  const ended = await openStream(pair.agent, pair.relay)
  const other = await openStream(pair.agent, pair.relay)
  await pair.send(ended, 60_000)
  ended.opener.stream.end()
  ended.taker.stream.end()
  await ended.opener.ended()
  await ended.taker.ended()
  await pair.pass(11_000)
  assert.equal(pair.relay.session.streamCount, 1)
  await pair.send(other, 60_000)
  await ended.taker.reset()
  assert.deepEqual(ended.taker.events, ['end', 'reset SP_STREAM_RESET'])
  assert.equal(pair.budget.heldBytes, 60_000)
})

test('session: bytes that outlive it stay in the budget until they are taken', async () => {
  await using pair = smallPair()
  const ended = await openStream(pair.agent, pair.relay)
  await pair.send(ended, 60_000)
  ended.opener.stream.end()
  ended.taker.stream.end()
  await ended.opener.ended()
  await ended.taker.ended()
  pair.link.agent.cut()
  await pair.relay.closed()
  assert.equal(pair.budget.heldBytes, 60_000)
  assert.equal(ended.taker.isReset, false)
  ended.taker.readBytes(60_000)
  assert.equal(pair.budget.heldBytes, 0)
})

for (const kind of transportKinds) {
  for (const end of ['close', 'destroy'] as const) {
    test(`session: ${end} in the middle of bulk gives its buffers back (${kind.name})`, async () => {
      await allGivenBack()
      {
        await using pair = await joinSessions(kind)
        const streams = Array.from({ length: 10 }, () => pair.relay.open().stream)
        for (const stream of streams) stream.write(Buffer.alloc(60_000))
        await nextTurn()
        const error = new SallyportError('SP_ABORTED', 'the test ends it')
        if (end === 'close') pair.relay.session.close(1000, 'bye', error)
        else pair.relay.session.destroy(error)
        await pair.agent.closed()
      }
      await allGivenBack()
    })
  }
}

/** The last of them come back with the socket's close. */
async function allGivenBack(): Promise<void> {
  const giveUp = performance.now() + 5_000
  while (buffersInUse() > 0 && performance.now() < giveUp) await nextTurn()
  assert.equal(buffersInUse(), 0)
}
