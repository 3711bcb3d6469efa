import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SallyportError, halfClosedIdleMs, tcpKeepAliveMs } from '@sallyport/protocol'
import { Changes } from '../../../test/support/changes.ts'
import { deadline, until } from '../../../test/support/deadline.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { createSessionPair, openStream } from '../../../test/support/session-pair.ts'
import { lifeOf, tcpPair } from '../../../test/support/sockets.ts'
import { splicedTunnel } from '../../../test/support/spliced-tunnel.ts'
import { adoptAccepted } from './socket-end.ts'
import { splice } from './splice.ts'

const request = new OffsetStream(1).bytes(0, 10_000)

/**
 * A parked visitor whose request and half-close were read before it was spliced, onto a session where
 * they have to wait, while the origin has said all it had.
 */
async function waitingRequest() {
  const clock = new FakeClock()
  const pair = createSessionPair({ clock: new FakeClock() })
  const front = await tcpPair()
  const visitor = lifeOf(front.dialled)
  front.dialled.end(request)
  const end = adoptAccepted(front.accepted)
  const kept: Buffer[] = []
  await new Promise<void>((resolve) => {
    end.attach({
      onRead: (buffer, bytes) => kept.push(Buffer.from(buffer.subarray(0, bytes))) > 0,
      onSocketEnd: resolve,
      onSocketClose: () => {},
    })
  })
  const { opener, taker } = await openStream(pair.relay, pair.agent)
  const other = pair.relay.open()
  // From here nothing of the relay's leaves, and more than it likes to queue waits already.
  pair.link.relay.hold()
  other.stream.write(Buffer.alloc(60_000))
  await nextTurn()
  assert.equal(opener.stream.write(Buffer.concat(kept)), false, 'it has to wait')
  const changes = new Changes()
  const endings: string[] = []
  splice(end, opener.stream, {
    clock,
    onClose: ({ endedBy }) => {
      endings.push(endedBy)
      changes.tell()
    },
  })
  taker.stream.end()
  assert.deepEqual(await visitor, { bytes: Buffer.alloc(0), hasEnded: true, errorCode: undefined })
  return {
    pair,
    clock,
    taker,
    endings,
    ended: () => changes.until('a report', () => endings.length > 0),
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]()
      await front[Symbol.asyncDispose]()
    },
  }
}

test('splice: a request and its FIN that wait for their turn outlive the socket', async () => {
  await using waiting = await waitingRequest()
  const { pair, taker, clock } = waiting
  assert.deepEqual(waiting.endings, [])
  pair.link.relay.letGo()
  await taker.ended()
  assert.ok(taker.bytes.equals(request))
  assert.deepEqual(waiting.endings, ['end'])
  assert.equal(pair.relay.session.streamCount, 1)
  assert.equal(clock.pendingTimers, 0)
})

test('splice: a request that waits in vain is reset after the half-closed limit', async () => {
  await using waiting = await waitingRequest()
  const { pair, taker, clock } = waiting
  clock.advance(halfClosedIdleMs)
  await waiting.ended()
  assert.deepEqual(waiting.endings, ['idle'])
  assert.equal(clock.pendingTimers, 0)
  assert.equal(pair.relay.session.streamCount, 1)
  pair.link.relay.letGo()
  assert.equal((await taker.reset()).code, 'SP_STREAM_RESET')
})

test('splice: half-closed and silent ends after its limit, by a reset', async () => {
  await using joined = await splicedTunnel({ halfClosedIdleMs: 1_000 })
  const ended = lifeOf(joined.origin, { atEnd: true })
  assert.equal(joined.clock.pendingTimers, 0)
  joined.visitor.end('request')
  await ended
  joined.clock.advance(999)
  assert.deepEqual(joined.reports, {})
  const visitor = lifeOf(joined.visitor)
  // The request passed after the half-close had been read: the time may have begun anew.
  joined.clock.advance(1_001)
  const { hasEnded, errorCode } = await visitor
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
  const { relay, agent } = await joined.reported()
  assert.ok([relay.endedBy, agent.endedBy].includes('idle'))
  assert.equal(joined.clock.pendingTimers, 0)
})

test('splice: half-closed with bytes passing lives on', async () => {
  await using joined = await splicedTunnel({ halfClosedIdleMs: 1_000 })
  const ended = lifeOf(joined.origin, { atEnd: true })
  joined.visitor.end('request')
  await ended
  for (let round = 0; round < 5; round++) {
    const arrived = new Promise((resolve) => {
      joined.visitor.once('data', resolve)
    })
    joined.origin.write('tick')
    await deadline(arrived, 5_000, 'a tick')
    joined.clock.advance(900)
  }
  assert.deepEqual(joined.reports, {})
  const down = lifeOf(joined.visitor, { atEnd: true })
  joined.origin.end()
  await down
  await joined.reported()
})

test('splice: without a limit, silence lasts', async () => {
  await using joined = await splicedTunnel()
  joined.clock.advance(1_000_000_000)
  assert.deepEqual(joined.reports, {})
})

test('splice: a limit on idling ends a silent splice, not one with bytes', async () => {
  await using joined = await splicedTunnel({ idleMs: 1_000 })
  const arrived = new Promise((resolve) => {
    joined.origin.once('data', resolve)
  })
  joined.visitor.write('x')
  await deadline(arrived, 5_000, 'a byte')
  joined.clock.advance(1_000)
  assert.deepEqual(joined.reports, {})
  joined.clock.advance(1_000)
  const { relay, agent } = await joined.reported()
  assert.ok([relay.endedBy, agent.endedBy].includes('idle'))
})

test('splice: a session that is lost in the turn of a FIN leaves no socket and no timer', async () => {
  await using joined = await splicedTunnel()
  const visitor = lifeOf(joined.visitor)
  const origin = lifeOf(joined.origin, { atEnd: true })
  // The FIN is told to the agent's splice, and the loss of the session before the turn is over.
  const { peerEnded } = joined.stream.agent
  joined.stream.agent.peerEnded = () => {
    peerEnded.call(joined.stream.agent)
    joined.agent.session.destroy(new SallyportError('SP_ABORTED', 'the agent ends'))
  }
  joined.visitor.end('request')
  await joined.reported()
  assert.equal((await origin).bytes.toString(), 'request')
  assert.equal((await visitor).errorCode, 'ECONNRESET')
  assert.equal(joined.clock.pendingTimers, 0)
})

test('splice: a visitor that resets while its origin reads nothing is noticed, and the origin told', async () => {
  await using joined = await splicedTunnel()
  const { visitor, origin, stream, clock } = joined
  origin.pause()
  visitor.write(Buffer.alloc(40_000_000))
  for (let still = 0, sent = -1; still < 200;) {
    await nextTurn()
    still = stream.relay.bytesSent === sent ? still + 1 : 0
    sent = stream.relay.bytesSent
  }
  // It stands still, and that alone is no reason to end.
  clock.advance(3 * tcpKeepAliveMs)
  await nextTurn()
  assert.deepEqual(joined.reports, {})
  const gone = until(visitor, 'close')
  visitor.resetAndDestroy()
  await gone
  const end = lifeOf(origin)
  clock.advance(tcpKeepAliveMs)
  const { relay, agent } = await joined.reported()
  assert.deepEqual([relay.endedBy, agent.endedBy], ['socket', 'stream'])
  origin.resume()
  const { hasEnded, errorCode } = await end
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
  assert.equal(clock.pendingTimers, 0)
})
