// How a relay ends: drained, or at once (docs/protocol.md §8).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { echoStream } from '../support/bare-agent.ts'
import { deadline, until } from '../support/deadline.ts'
import { startPlace } from '../support/held-agent.ts'
import { visit, visitTls } from '../support/visitor.ts'

test('drain: tells agents, takes nobody, lets running visits finish, and ends', async () => {
  await using place = await startPlace()
  await place.join((stream) => echoStream(stream))
  await using running = await visit(place.port)
  running.socket.write('x')
  await until(running.socket, 'data')
  const drained = place.relay.relay.drain()
  await place.agent.message('draining')
  for (const port of [place.port, place.relay.port]) {
    const late = connect(port, '127.0.0.1')
    const [error] = await until(late, 'error')
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')
  }
  running.socket.write('y')
  assert.equal(String((await until(running.socket, 'data'))[0]), 'y')
  running.socket.end()
  assert.equal(await deadline(running.ended, 5_000, 'end of the visit'), 'end')
  await deadline(drained, 5_000, 'end of the drain')
  assert.equal((await deadline(place.agent.closed, 5_000, 'close')).closeCode, 4002)
})

test('drain: aborts what runs when the grace is over, and who is parked at once', async () => {
  await using place = await startPlace({ drainGraceMs: 300 })
  await place.join((stream) => echoStream(stream))
  await using running = await visit(place.port)
  running.socket.write('x')
  await until(running.socket, 'data')
  place.agent.send({ type: 'draining' })
  place.agent.session.goAway()
  running.socket.write('z')
  await until(running.socket, 'data')
  await using parked = await visit(place.port)
  parked.socket.resume()
  const drained = place.relay.relay.drain()
  assert.equal(await deadline(parked.ended, 250, 'end of the parked visit'), 'reset')
  assert.equal(running.socket.destroyed, false)
  assert.equal(await deadline(running.ended, 3_000, 'end of the running visit'), 'reset')
  await deadline(drained, 3_000, 'end of the drain')
  const visits = place.relay.events.filter((one) => one.event === 'visit')
  assert.deepEqual(
    visits.map(({ endedBy, reason }) => [endedBy, reason]),
    visits.map(() => ['relay', 'the relay shuts down']),
  )
})

test('destroy: leaves no socket open', async () => {
  const place = await startPlace()
  await place.join((stream) => echoStream(stream))
  const tcp = await visit(place.port)
  tcp.socket.write('x')
  const tls = await visitTls(place.relay.port, 'TLSv1.3', 'web.test')
  await until(tcp.socket, 'data')
  tls.socket.on('error', () => {})
  // A half-open visitor that was told the end has still to end itself.
  for (const { socket } of [tcp, tls]) socket.resume().on('end', () => socket.end())
  const closed = Promise.all([tcp, tls].map(({ socket }) => once(socket, 'close').catch(() => {})))
  await deadline(place.relay.relay.destroy(), 2_000, 'end of the relay')
  await deadline(closed, 2_000, 'end of its visits')
  await place[Symbol.asyncDispose]()
})
