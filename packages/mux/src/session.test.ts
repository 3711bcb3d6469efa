import assert from 'node:assert/strict'
import test from 'node:test'
import { initialWindowBytes } from '@sallyport/protocol'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { type PairOptions, SessionSide } from '../../../test/support/session-pair.ts'
import { createMemoryLink } from '../../../test/support/memory-link.ts'
import { RawPeer, flag, type } from '../../../test/support/raw-peer.ts'
import { lazyFrameMs } from './limits.ts'

/** A relay's session whose agent is in the test's hand. */
function rawAgent(options: PairOptions = {}) {
  const link = createMemoryLink(options)
  const relay = new SessionSide({ transport: link.relay, side: 'relay', ...options.relay })
  return { relay, peer: new RawPeer(link.agent) }
}

test('session: takes no frame after it closed, even of the same chunk', async () => {
  const { relay, peer } = rawAgent()
  await using _ = relay
  peer.send({ type: type.goAway, length: 1 }, { flags: flag.syn, streamId: 1 })
  await relay.closed()
  await peer.settled()
  assert.equal(relay.session.streamCount, 0)
})

test('session: takes streams whose SYNs come out of order, each once', async () => {
  const { relay, peer } = rawAgent()
  await using _ = relay
  peer.send(
    { flags: flag.syn, streamId: 5 },
    { flags: flag.syn, streamId: 1 },
    { flags: flag.fin, streamId: 5 },
    { flags: flag.syn, streamId: 3 },
  )
  await peer.settled()
  assert.equal(relay.session.streamCount, 3)
  assert.equal(relay.isClosed, false)
  peer.send({ flags: flag.syn, streamId: 1 })
  assert.match((await relay.closed()).message, /SYN for stream 1, which is not a new id/)
})

test('session: a window grows with the path, and the peer may use all of it', async () => {
  const clock = new FakeClock()
  const link = createMemoryLink()
  const relay = new SessionSide({ transport: link.relay, side: 'relay', clock })
  await using _ = relay
  const peer = new RawPeer(link.agent)
  peer.answersPings = false
  const ping = await peer.frame('a ping', (frame) => frame.type === type.ping)
  clock.advance(20)
  peer.send({ ...ping, flags: flag.ack }, { flags: flag.syn, streamId: 1 })
  const stream = await relay.nextStream()
  assert.equal(relay.session.rttMs, 20)
  const chunk = Buffer.alloc(65_536)
  let sent = 0
  for (; sent < 10 * chunk.length; sent += chunk.length) {
    peer.send({ streamId: 1, payload: chunk })
    await peer.settled()
    clock.advance(5)
  }
  stream.pause()
  const credit = peer.frames
    .filter((frame) => frame.type === type.windowUpdate && frame.streamId === 1)
    .reduce((sum, frame) => sum + frame.length, 0)
  assert.ok(credit > sent, 'it grew')
  const left = initialWindowBytes + credit - sent
  peer.send({ streamId: 1, payload: Buffer.alloc(left) })
  await peer.settled()
  assert.equal(stream.unreadBytes, left)
  assert.equal(relay.isClosed, false)
  peer.send({ streamId: 1, payload: Buffer.alloc(1) })
  assert.equal((await relay.closed()).code, 'SP_PROTOCOL')
})

test('session: a first FIN leaves at once, a second waits for company, or for a moment', async () => {
  const clock = new FakeClock()
  const { relay, peer } = rawAgent({ relay: { clock } })
  await using _ = relay
  const fins = (): number[] =>
    peer.frames.filter(({ flags }) => flags === flag.fin).map(({ streamId }) => streamId)
  const opened = async (streamId: number, ...more: { flags: number; streamId: number }[]) => {
    peer.send({ flags: flag.syn, streamId }, ...more)
    const { stream } = await relay.nextStream()
    await peer.settled()
    return stream
  }
  const one = await opened(1)
  one.end()
  await peer.settled()
  assert.deepEqual(fins(), [1])

  const three = await opened(3, { flags: flag.fin, streamId: 3 })
  three.end()
  await peer.settled()
  assert.deepEqual(fins(), [1])
  clock.advance(lazyFrameMs)
  await peer.settled()
  assert.deepEqual(fins(), [1, 3])

  const five = await opened(5, { flags: flag.fin, streamId: 5 })
  const seven = await opened(7)
  five.end()
  await peer.settled()
  seven.write(Buffer.from('company'))
  await peer.settled()
  assert.deepEqual(fins(), [1, 3, 5])
})
