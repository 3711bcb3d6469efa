import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { initialWindowBytes } from '@sallyport/protocol'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { createSessionPair, openStream } from '../../../test/support/session-pair.ts'
import { StreamRecorder } from '../../../test/support/stream-recorder.ts'
import { acquireBuffer, buffersInUse } from './buffer-pool.ts'
import type { SlabLoan } from './bulk-read.ts'
import { slabBytes, slabHeadBytes } from './limits.ts'
import type { MuxStream } from './stream.ts'

const hello = Buffer.from('hello ')
const world = Buffer.from('world')

/** A stream of the agent's whose relay's end waits without a receiver for data. */
async function waitingStream(pieces: readonly Buffer[], isEnded: boolean) {
  let taken: MuxStream | undefined
  const pair = createSessionPair({
    relay: {
      onStream: (stream) => {
        taken = stream
        stream.receive({ onReset: () => {} })
      },
    },
  })
  const opener = pair.agent.open(pieces[0])
  for (const piece of pieces.slice(1)) opener.stream.write(piece)
  if (isEnded) opener.stream.end()
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  await pair.relay.changes.until('the stream', () => taken !== undefined)
  const stream = taken ?? assert.fail('no stream')
  await pair.link.agent.changes.until('all bytes', () => stream.bytesReceived === bytes)
  return { ...pair, opener, stream }
}

test('stream: a late receiver gets the bytes and then the FIN that came before it', async () => {
  await using pair = await waitingStream([hello, world], true)
  const recorder = new StreamRecorder().take(pair.stream)
  assert.equal(recorder.bytes.toString(), 'hello world')
  assert.deepEqual(recorder.events, ['end'])
})

test('stream: a receiver set within onData gets all that waits, and the FIN behind it', async () => {
  await using pair = await waitingStream([hello, world], true)
  const second = new StreamRecorder()
  const first = new StreamRecorder()
  first.onData = (chunk) => {
    pair.stream.putBack(chunk.subarray(4))
    second.take(pair.stream)
  }
  pair.stream.receive(first)
  assert.equal(second.bytes.toString(), 'o world')
  assert.deepEqual(second.events, ['end'])
  assert.deepEqual(first.events, [])
})

test('stream: bytes put back wait, with all that follows, for the next receiver', async () => {
  await using pair = await waitingStream([hello, world], true)
  const first = new StreamRecorder()
  let told = 0
  first.onData = (chunk) => {
    told++
    pair.stream.putBack(chunk.subarray(4))
  }
  pair.stream.receive(first)
  assert.equal(told, 1)
  const second = new StreamRecorder().take(pair.stream)
  assert.equal(second.bytes.toString(), 'o world')
  assert.deepEqual(first.events, [])
  assert.deepEqual(second.events, ['end'])
})

test('stream: a reset within onData ends the delivery of what waits', async () => {
  await using pair = await waitingStream([hello, world], true)
  let told = 0
  pair.stream.receive({
    onData: () => {
      told++
      pair.stream.reset()
    },
    onEnd: () => assert.fail('FIN after reset'),
    onReset: () => assert.fail('told of its own reset'),
  })
  assert.equal(told, 1)
  assert.equal((await pair.opener.reset()).code, 'SP_STREAM_RESET')
  assert.equal(pair.relay.session.heldBytes, 0)
})

test('stream: bytes that nobody will take are given back by reset after a normal end', async () => {
  await using pair = createSessionPair({ relay: { recorder: { isReading: false } } })
  const { opener, taker } = await openStream(pair.agent, pair.relay, { firstBytes: hello })
  opener.stream.end()
  taker.stream.end()
  await taker.ended()
  assert.ok(taker.stream.isClosed)
  assert.equal(pair.relay.session.heldBytes, hello.length)
  taker.stream.reset()
  assert.equal(pair.relay.session.heldBytes, 0)
  taker.readBytes(hello.length)
  assert.equal(pair.relay.session.heldBytes, 0)
})

test('stream: write copies its bytes before it returns, whether they leave or wait', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  const chunk = Buffer.alloc(60_000, 1)
  pair.link.agent.hold()
  opener.stream.write(chunk)
  await nextTurn()
  chunk.fill(2)
  assert.equal(opener.stream.write(chunk), false, 'it waits')
  chunk.fill(3)
  opener.stream.end()
  pair.link.agent.letGo()
  await taker.ended()
  assert.ok(taker.bytes.equals(Buffer.concat([Buffer.alloc(60_000, 1), Buffer.alloc(60_000, 2)])))
})

test('stream: of a loan that has to wait the slab is kept, and a small rest of it copied', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  const sent = new OffsetStream(5).bytes(0, 60_000)
  const takes: string[] = []
  const lend = (): SlabLoan => {
    const take = (how: string) => () => {
      takes.push(how)
      const slab = acquireBuffer(slabBytes)
      sent.copy(slab, slabHeadBytes)
      return slab
    }
    return { takeToSend: take('send'), takeToKeep: take('keep') }
  }
  const inUse = buffersInUse()
  pair.link.agent.hold()
  opener.stream.write(sent, 0, sent.length, lend())
  await nextTurn()
  assert.equal(opener.stream.write(sent, 0, sent.length, lend()), false)
  pair.link.agent.letGo()
  await taker.until('both', () => taker.receivedBytes === 120_000)
  pair.link.agent.hold()
  opener.stream.write(Buffer.alloc(60_000))
  await nextTurn()
  opener.stream.write(sent, 0, 10_000, lend())
  opener.stream.end()
  pair.link.agent.letGo()
  await taker.ended()
  assert.deepEqual(takes, ['send', 'keep', 'keep'])
  const expected = [sent, sent, Buffer.alloc(60_000), sent.subarray(0, 10_000)]
  assert.ok(taker.bytes.equals(Buffer.concat(expected)))
  assert.ok(buffersInUse() <= inUse, 'all slabs went back')
})

test('stream: write takes a part of a chunk', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  opener.stream.write(Buffer.from('0123456789'), 2, 5)
  opener.stream.write(new Uint8Array([65, 66, 67, 68]), 1, 3)
  opener.stream.write(Buffer.from('xyz'), 1)
  opener.stream.end()
  await taker.ended()
  assert.equal(taker.bytes.toString(), '234BCyz')
})

test('stream: false is followed by one drain, and never by one after end', async () => {
  await using pair = createSessionPair({ relay: { recorder: { isReading: false } } })
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  let falses = 0
  for (let sent = 0; sent < initialWindowBytes; sent += 60_000) {
    const piece = Buffer.alloc(Math.min(60_000, initialWindowBytes + 1 - sent))
    if (!opener.stream.write(piece)) falses++
    await nextTurn()
    await nextTurn()
  }
  await taker.until('a full window', () => taker.receivedBytes === initialWindowBytes)
  const drains = () => opener.events.filter((event) => event === 'drain').length
  assert.equal(drains(), falses - 1, 'the last one has no credit')
  opener.stream.end()
  taker.read()
  await taker.ended()
  assert.equal(taker.receivedBytes, initialWindowBytes + 1)
  assert.equal(drains(), falses - 1)
})

test('stream: SP_INTERNAL for a write out of turn', async () => {
  await using pair = createSessionPair()
  const { opener } = await openStream(pair.agent, pair.relay)
  pair.link.agent.hold()
  opener.stream.write(Buffer.alloc(60_000))
  await nextTurn()
  assert.equal(opener.stream.write(Buffer.alloc(60_000)), false)
  assert.throws(() => opener.stream.write(Buffer.alloc(1)), { code: 'SP_INTERNAL' })
  opener.stream.end()
  assert.throws(() => opener.stream.write(Buffer.alloc(1)), { code: 'SP_INTERNAL' })
})

test('stream: a chunk of 64 KiB may wait, what ever it waits for', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  pair.link.agent.hold()
  opener.stream.write(Buffer.alloc(60_000))
  await nextTurn()
  assert.equal(opener.stream.write(Buffer.alloc(65_536)), false)
  pair.link.agent.letGo()
  await taker.until('all bytes', () => taker.receivedBytes === 125_536)
})

test('stream: on a closed stream write, end, reset and accept do nothing', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  opener.stream.reset()
  await taker.reset()
  for (const { stream, events } of [opener, taker]) {
    const before = events.length
    assert.equal(stream.write(Buffer.alloc(100)), true)
    stream.end()
    stream.accept()
    stream.reset()
    stream.consumed(0)
    assert.equal(events.length, before)
  }
  assert.equal(pair.agent.isClosed || pair.relay.isClosed, false)
})
