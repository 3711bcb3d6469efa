import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SallyportError } from '@sallyport/protocol'
import { usedMiB } from '../../../test/support/memory.ts'
import { createSessionPair, openStream } from '../../../test/support/session-pair.ts'
import { acquireBuffer, buffersInUse, releaseBuffer } from './buffer-pool.ts'
import { pooledBuffers, slabBytes } from './limits.ts'

test('buffer pool: a buffer is as large as asked for, and at most twice that from 256 bytes on', () => {
  for (const bytes of [1, 255, 256, 257, 512, 513, 1_000, 32_768, 32_769, slabBytes]) {
    const buffer = acquireBuffer(bytes)
    assert.ok(buffer.length >= bytes && buffer.length <= Math.max(256, 2 * bytes), `${bytes}`)
    releaseBuffer(buffer)
    assert.equal(acquireBuffer(bytes), buffer, 'it is used again')
    releaseBuffer(buffer)
  }
})

test('buffer pool: no more are kept than its limit', () => {
  const buffers = Array.from({ length: pooledBuffers + 10 }, () => acquireBuffer(700))
  for (const buffer of buffers) releaseBuffer(buffer)
  const again = new Set(Array.from({ length: pooledBuffers + 10 }, () => acquireBuffer(700)))
  assert.equal(buffers.filter((buffer) => again.has(buffer)).length, pooledBuffers)
  for (const buffer of again) releaseBuffer(buffer)
})

test('buffer pool: small chunks that wait for their turn on many streams cost little', async () => {
  await using pair = createSessionPair()
  const streams = Array.from({ length: 2_000 }, () => pair.relay.open().stream)
  await pair.agent.changes.until('the streams', () => pair.agent.session.streamCount === 2_000)
  pair.link.relay.hold()
  const before = usedMiB()
  const waiting = streams.filter((stream) => !stream.write(Buffer.alloc(200)))
  const grown = usedMiB() - before
  assert.ok(waiting.length > 1_000, `${waiting.length} wait`)
  assert.ok(grown < 4, `${grown.toFixed(1)} MiB for ${waiting.length} x 200 bytes`)
})

for (const [end, finish] of [
  ['closed', (pair) => pair.relay.session.close(1000, 'bye', aborted())],
  ['destroyed', (pair) => pair.relay.session.destroy(aborted())],
  ['lost', (pair) => pair.link.agent.cut()],
] as readonly [string, (pair: ReturnType<typeof createSessionPair>) => void][]) {
  test(`buffer pool: a session that is ${end} while much waits gives all buffers back`, async () => {
    await allGivenBack()
    {
      await using pair = createSessionPair()
      const taken = await openStream(pair.agent, pair.relay)
      for (let count = 0; count < 20; count++) pair.relay.open().stream.write(Buffer.alloc(60_000))
      pair.link.relay.hold()
      await nextTurn()
      for (let count = 0; count < 20; count++) pair.relay.open().stream.write(Buffer.alloc(60_000))
      // A frame of this very turn, too.
      taken.taker.stream.write(Buffer.alloc(10))
      assert.ok(buffersInUse() > 20)
      finish(pair)
      pair.link.relay.letGo()
      await pair.agent.closed()
    }
    await allGivenBack()
  })
}

/** What a transport had is back a turn after its end. */
async function allGivenBack(): Promise<void> {
  const giveUp = performance.now() + 5_000
  while (buffersInUse() > 0 && performance.now() < giveUp) await nextTurn()
  assert.equal(buffersInUse(), 0)
}

function aborted(): SallyportError {
  return new SallyportError('SP_ABORTED', 'the test ends it')
}
