// What a visitor of the relay meets (docs/protocol.md §8) when the agent accepts, refuses, keeps silent, is
// away, or is lost.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { echoStream } from '../support/bare-agent.ts'
import { deadline, until } from '../support/deadline.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startPlace } from '../support/held-agent.ts'
import { visit, visitTls } from '../support/visitor.ts'

test('visitor: its first bytes reach the agent before anybody accepted', async () => {
  await using place = await startPlace()
  await place.join()
  await using visitor = await visit(place.port)
  visitor.socket.write('early')
  const stream = await place.stream()
  let received = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.receive({
    onData: (chunk) => {
      received += chunk.toString('latin1')
      if (received.endsWith('early')) resolve()
    },
    onReset: () => {},
  })
  await deadline(promise, 5_000, 'early bytes')
})

test('visitor: refused by the origin it gets RST before any byte', async () => {
  await using place = await startPlace()
  await place.join((stream) => stream.reset())
  await using visitor = await visit(place.port)
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
  assert.deepEqual((await place.ended()).endedBy, 'agent')
})

test('visitor: waits for an accept as long as the channel timeout, with or without first bytes', async () => {
  const clock = new FakeClock()
  await using place = await startPlace({ clock })
  await place.join(undefined, 3)
  await using silent = await visit(place.port)
  await using speaking = await visit(place.port)
  speaking.socket.write('hello?')
  const resets = [await place.stream(), await place.stream()].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.receive({ onData: () => {}, onReset: () => resolve() })
      }),
  )
  clock.advance(2_999)
  assert.ok(!silent.socket.destroyed && !speaking.socket.destroyed)
  clock.advance(1)
  for (const visitor of [silent, speaking]) {
    assert.equal(await deadline(visitor.ended, 3_000, 'end of the visit'), 'reset')
  }
  await deadline(Promise.all(resets), 3_000, 'resets of the streams')
  assert.deepEqual((await place.ended()).endedBy, 'timeout')
})

test('visitor: leaves before anybody accepted, and its stream is reset', async () => {
  await using place = await startPlace()
  await place.join()
  const visitor = await visit(place.port)
  const stream = await place.stream()
  const gone = new Promise<void>((resolve) => {
    stream.receive({ onReset: () => resolve() })
  })
  visitor.socket.resetAndDestroy()
  await deadline(gone, 5_000, 'reset of the stream')
})

test('visitor: a channel that stands is not cut by the channel timeout', async () => {
  const clock = new FakeClock()
  await using place = await startPlace({ clock })
  await place.join((stream) => echoStream(stream), 1)
  await using visitor = await visit(place.port)
  visitor.socket.write('x')
  await until(visitor.socket, 'data')
  clock.advance(4_000)
  visitor.socket.write('y')
  assert.equal(String((await until(visitor.socket, 'data'))[0]), 'y')
})

test('visitor: while the agent is away it is parked, and then served with all that it said', async () => {
  await using place = await startPlace()
  await place.join()
  await place.leave()
  await using visitor = await visit(place.port)
  // It has said all that it will say: the half-close waits with it.
  visitor.socket.end('the whole question')
  await place.join((stream) => echoStream(stream))
  const chunks: Buffer[] = []
  visitor.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'end')
  assert.equal(Buffer.concat(chunks).toString(), 'the whole question')
})

test('visitor: parked, it says a mebibyte, and all of it arrives', async () => {
  await using place = await startPlace()
  await place.join()
  await place.leave()
  await using visitor = await visit(place.port)
  const question = Buffer.alloc(1024 * 1024, 'abcdefg')
  visitor.socket.end(question)
  await place.join((stream) => echoStream(stream))
  const chunks: Buffer[] = []
  visitor.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'end')
  assert.ok(Buffer.concat(chunks).equals(question))
})

test('visitor: parked on https, its half-close is a goodbye and the agent never hears of it', async () => {
  await using place = await startPlace()
  await place.join()
  await place.leave()
  await using visitor = await visitTls(place.relay.port, 'TLSv1.3', 'web.test')
  visitor.socket.end('GET / HTTP/1.1\r\n\r\n')
  assert.equal((await place.ended()).route, `https://web.test:${place.relay.port}`)
  await place.join()
  // The next visitor's stream is the first that the agent gets.
  await using next = await visit(place.port)
  next.socket.write('next')
  await place.stream()
  assert.equal(place.streams.length, 0)
})

test('visitor: parked, it resets, and the agent never hears of it', async () => {
  await using place = await startPlace()
  await place.join()
  await place.leave()
  const visitor = await visit(place.port)
  visitor.socket.write('never')
  visitor.socket.resetAndDestroy()
  assert.deepEqual((await place.ended()).endedBy, 'visitor')
  await place.join()
  await using next = await visit(place.port)
  next.socket.write('next')
  await place.stream()
  assert.equal(place.streams.length, 0)
})

test('visitor: is parked again when its session is lost before it said anything', async () => {
  await using place = await startPlace()
  await place.join()
  await using visitor = await visit(place.port)
  await place.stream()
  await place.leave()
  await place.join((stream) => echoStream(stream))
  visitor.socket.write('second try')
  assert.equal(String((await until(visitor.socket, 'data'))[0]), 'second try')
})

test('visitor: is aborted when its session is lost after it said something', async () => {
  await using place = await startPlace()
  await place.join()
  await using visitor = await visit(place.port)
  visitor.socket.write('buy one')
  await place.stream()
  await place.leave()
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
})

test('visitor: is aborted when its session is lost after the origin accepted', async () => {
  await using place = await startPlace()
  await place.join((stream) => stream.accept())
  await using visitor = await visit(place.port)
  const stream = await place.stream()
  stream.write(Buffer.from('220 welcome'))
  await until(visitor.socket, 'data')
  await place.leave()
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
})

test('visitor: is parked until the lease ends, and the port is closed then', async () => {
  await using place = await startPlace()
  await place.join(undefined, 1)
  await place.leave()
  await using visitor = await visit(place.port)
  assert.equal(await deadline(visitor.ended, 3_000, 'end of the visit'), 'reset')
  await place.relay.event('released', (one) => one.event === 'route' && one.state === 'released')
  const late = connect(place.port, '127.0.0.1')
  const [error] = await until(late, 'error')
  assert.ok(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')
})

test('visitor: above the cap of its route it is aborted, and those who wait go on waiting', async () => {
  await using place = await startPlace({ parking: { maxPerRoute: 2 } })
  await place.join()
  await place.leave()
  await using first = await visit(place.port)
  await using second = await visit(place.port)
  const third = connect(place.port, '127.0.0.1')
  const [error] = await until(third, 'error')
  assert.ok(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')
  await place.join((stream) => echoStream(stream))
  for (const visitor of [first, second]) {
    visitor.socket.write('still here')
    await until(visitor.socket, 'data')
  }
})

test('visitor: an agent that drains gets no new ones; they wait for the next', async () => {
  await using place = await startPlace()
  await place.join((stream) => echoStream(stream))
  const draining = place.agent
  await using running = await visit(place.port)
  running.socket.write('x')
  await until(running.socket, 'data')
  await place.stream()
  draining.send({ type: 'draining' })
  draining.session.goAway()
  // Its answer comes behind both words, so the relay has taken them by then.
  running.socket.write('z')
  assert.equal(String((await until(running.socket, 'data'))[0]), 'z')
  await using waiting = await visit(place.port)
  waiting.socket.write('y')
  draining.socket.destroy()
  await place.relay.event('agent-left', ({ event }) => event === 'agent-left')
  await place.join((stream) => echoStream(stream))
  assert.equal(String((await until(waiting.socket, 'data'))[0]), 'y')
})
