import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SallyportError, initialWindowBytes } from '@sallyport/protocol'
import { deadline } from '../../../test/support/deadline.ts'
import { OffsetChecker } from '../../../test/support/offset-checker.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { lifeOf } from '../../../test/support/sockets.ts'
import { splicedTunnel } from '../../../test/support/spliced-tunnel.ts'

const total = 3_000_000
const request = new OffsetStream(1)
const reply = new OffsetStream(2)

async function checked(socket: Socket, stream: OffsetStream, bytes: number): Promise<void> {
  const checker = new OffsetChecker(stream, bytes)
  await deadline(checker.drain(socket), 10_000, 'end of the socket')
  checker.assertIntact()
}

for (const first of ['visitor', 'origin', 'both'] as const) {
  test(`splice: every byte both ways, then FIN, when the ${first} half-closed first`, async () => {
    await using joined = await splicedTunnel()
    const { visitor, origin } = joined
    const up = checked(origin, request, total)
    const down = checked(visitor, reply, total)
    if (first !== 'origin') visitor.end(request.bytes(0, total))
    if (first !== 'visitor') origin.end(reply.bytes(0, total))
    if (first === 'visitor') {
      await up
      origin.end(reply.bytes(0, total))
    }
    if (first === 'origin') {
      await down
      visitor.end(request.bytes(0, total))
    }
    await Promise.all([up, down])
    const { relay, agent } = await joined.reported()
    const counts = {
      endedBy: 'end',
      error: undefined,
      bytesFromSocket: total,
      bytesToSocket: total,
    }
    assert.deepEqual([relay, agent], [counts, counts])
    assert.equal(joined.clock.pendingTimers, 0)
    assert.equal(joined.relay.session.heldBytes + joined.agent.session.heldBytes, 0)
    assert.equal(joined.relay.session.streamCount + joined.agent.session.streamCount, 0)
  })
}

test('splice: a reset of the visitor is a reset for the origin', async () => {
  await using joined = await splicedTunnel()
  const life = lifeOf(joined.origin)
  joined.visitor.resetAndDestroy()
  const { hasEnded, errorCode } = await life
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
  const { relay, agent } = await joined.reported()
  assert.deepEqual([relay.endedBy, agent.endedBy], ['socket', 'stream'])
  assert.equal((relay.error as NodeJS.ErrnoException | undefined)?.code, 'ECONNRESET')
  assert.equal((agent.error as SallyportError | undefined)?.code, 'SP_STREAM_RESET')
})

test('splice: a reset of the origin, after its half of a reply, is a reset for the visitor', async () => {
  await using joined = await splicedTunnel()
  const life = lifeOf(joined.visitor)
  joined.origin.write('half a re')
  await new Promise((resolve) => {
    joined.visitor.once('data', resolve)
  })
  joined.origin.resetAndDestroy()
  const { bytes, hasEnded, errorCode } = await life
  assert.deepEqual([bytes.toString(), hasEnded, errorCode], ['half a re', false, 'ECONNRESET'])
  const { relay, agent } = await joined.reported()
  assert.deepEqual([relay.endedBy, agent.endedBy], ['stream', 'socket'])
})

test('splice: a session that is lost resets both sockets, and ends neither', async () => {
  await using joined = await splicedTunnel()
  const lives = [lifeOf(joined.visitor), lifeOf(joined.origin)]
  joined.visitor.write('x')
  joined.link.relay.cut()
  for (const { hasEnded, errorCode } of await Promise.all(lives)) {
    assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
  }
  const { relay, agent } = await joined.reported()
  for (const { endedBy, error } of [relay, agent]) {
    assert.equal(endedBy, 'stream')
    assert.equal((error as SallyportError | undefined)?.code, 'SP_SESSION_LOST')
  }
})

test('splice: a session that is lost after a half-close still is a reset', async () => {
  await using joined = await splicedTunnel()
  const origin = lifeOf(joined.origin, { atEnd: true })
  joined.visitor.end('request')
  await origin
  const visitor = lifeOf(joined.visitor)
  joined.link.relay.cut()
  const { hasEnded, errorCode } = await visitor
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
})

test('splice: an origin that reads nothing stops the visitor, and gets all in the end', async () => {
  await using joined = await splicedTunnel()
  const { visitor, origin, stream } = joined
  const bytes = 40_000_000
  origin.pause()
  let written = 0
  const source = new OffsetStream(1)
  const write = () => {
    while (written < bytes) {
      const chunk = source.bytes(written, Math.min(500_000, bytes - written))
      written += chunk.length
      if (!visitor.write(chunk)) break
    }
    if (written === bytes) visitor.end()
  }
  visitor.on('drain', write)
  write()
  // Standing still: the relay's stream has sent all that the agent's window and the kernel's
  // buffers take, and sends no more over many turns of the event loop.
  for (let still = 0, sent = -1; still < 200;) {
    await nextTurn()
    still = stream.relay.bytesSent === sent ? still + 1 : 0
    sent = stream.relay.bytesSent
  }
  assert.ok(written < bytes, 'the visitor was stopped')
  const { heldBytes } = joined.agent.session
  assert.ok(heldBytes <= initialWindowBytes, `${heldBytes} bytes held at the agent`)
  const up = checked(origin, request, bytes)
  origin.resume()
  await up
})

test('splice: what waits for a socket that died is given back, after both FINs too', async () => {
  await using joined = await splicedTunnel()
  const { visitor, origin, relay, stream } = joined
  const ended = lifeOf(origin, { atEnd: true })
  visitor.pause()
  visitor.end('request')
  await ended
  // As much as the kernel takes for a visitor that reads nothing, and a little more.
  for (let sent = 0; relay.session.heldBytes === 0;) {
    assert.ok(sent < 100_000_000)
    sent += 60_000
    origin.write(reply.bytes(0, 60_000))
    while (stream.relay.bytesReceived < sent) await nextTurn()
    for (let turns = 0; turns < 20; turns++) await nextTurn()
  }
  origin.end()
  while (!stream.relay.isClosed) await nextTurn()
  assert.ok(relay.session.heldBytes > 0)
  visitor.resetAndDestroy()
  const report = (await joined.reported()).relay
  assert.equal(relay.session.heldBytes, 0)
  assert.equal(report.endedBy, 'socket')
  assert.ok(report.bytesToSocket < stream.relay.bytesReceived)
})
