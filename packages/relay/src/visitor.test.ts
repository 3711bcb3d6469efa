import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { adoptAccepted } from '@sallyport/mux'
import { decodeProxyHeader } from '@sallyport/protocol'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { usedMiB } from '../../../test/support/memory.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { createSessionPair } from '../../../test/support/session-pair.ts'
import { tcpPair } from '../../../test/support/sockets.ts'
import { type StreamOpener, Visitor } from './visitor.ts'

const addresses = { address: '127.0.0.1', port: 1 }

const facts = {
  place: 'app.test',
  url: 'passthrough://app.test',
  isHttps: false,
  visitor: addresses,
  listener: addresses,
  acceptedMs: 0,
  channelTimeoutMs: 1_000,
}

function memberOf({ relay: { session } }: ReturnType<typeof createSessionPair>) {
  const open: StreamOpener['open'] = (firstBytes, receiver) => session.open(firstBytes, receiver)
  return { session: { agent: { name: 'first' }, open }, routeId: 'r' }
}

test('visitor: more early bytes than one write may bring wait for a busy session, whole', async () => {
  const clock = new FakeClock()
  await using front = await tcpPair()
  await using pair = createSessionPair({ clock: new FakeClock() })
  // The session likes to queue no more.
  const other = pair.relay.open()
  pair.link.relay.hold()
  other.stream.write(Buffer.alloc(60_000))
  await nextTurn()
  // A hello that was cut just before its end, and what came with the rest: 16 and 64 KiB.
  const early = new OffsetStream(1).bytes(0, 80 * 1024)
  const { promise: reported, resolve: ended } = Promise.withResolvers<void>()
  const visitor = new Visitor(adoptAccepted(front.accepted, early), facts, {
    clock,
    pick: () => memberOf(pair),
    avoid: () => assert.fail('the session takes streams'),
    park: () => assert.fail('no need to wait'),
    unpark: () => {},
    answerAway: () => assert.fail('it is served'),
    ended: () => ended(),
  })
  visitor.start()
  front.dialled.end()
  pair.link.relay.letGo()
  await pair.agent.nextStream()
  const taker = await pair.agent.nextStream()
  await taker.ended()
  const header = decodeProxyHeader(taker.bytes) ?? assert.fail('no header')
  assert.ok(taker.bytes.subarray(header.length).equals(early))
  pair.link.relay.cut()
  await reported
  assert.equal(clock.pendingTimers, 0)
})

test('visitor: a parked one that says its bytes one by one costs little more than their size', async () => {
  const clock = new FakeClock()
  await using front = await tcpPair()
  await using pair = createSessionPair({ clock: new FakeClock() })
  const end = adoptAccepted(front.accepted)
  let isAway = true
  const visitor = new Visitor(end, facts, {
    clock,
    pick: () => (isAway ? undefined : memberOf(pair)),
    avoid: () => assert.fail('the session takes streams'),
    park: () => undefined,
    unpark: () => {},
    answerAway: () => assert.fail('it is served'),
    ended: () => {},
  })
  visitor.start()
  const bytes = 10_000
  const said = new OffsetStream(1).bytes(0, bytes)
  const before = usedMiB()
  for (let at = 0; at < bytes; at++) {
    front.dialled.write(said.subarray(at, at + 1))
    while (end.socket.bytesRead <= at) await nextTurn()
  }
  const grown = usedMiB() - before
  assert.ok(grown < 1, `${grown.toFixed(1)} MiB for ${bytes} bytes`)
  isAway = false
  visitor.seek()
  const taker = await pair.agent.nextStream()
  front.dialled.end()
  await taker.ended()
  const header = decodeProxyHeader(taker.bytes) ?? assert.fail('no header')
  assert.ok(taker.bytes.subarray(header.length).equals(said))
})
