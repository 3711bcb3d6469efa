// How an HTTP/1 visitor's connection ends when nothing went wrong: by a drain, or because it asks nothing.
import assert from 'node:assert/strict'
import test from 'node:test'
import { EdgeTest, get, response } from './edge.test.support.ts'
import { firstRequestMs, idleVisitorMs } from './limits.ts'

test('http/1: closing and draining', () => {
  const idle = new EdgeTest()
  idle.visitor.send(get('/'))
  idle.connect().send(response('first'))
  idle.edge.drain()
  assert.equal(idle.visitor.hasEnded, true)
  idle.visitor.sendEnd()
  assert.equal(idle.isClosed, true)
  assert.equal(idle.clock.pending, 0)

  const silent = new EdgeTest()
  silent.edge.drain()
  silent.clock.advance(firstRequestMs - 1)
  assert.equal(silent.visitor.hasEnded, false)
  silent.clock.advance(1)
  assert.equal(silent.visitor.hasEnded, true)

  const fresh = new EdgeTest()
  fresh.edge.drain()
  fresh.visitor.send(get('/'))
  fresh.clock.advance(firstRequestMs)
  fresh.connect().send(response('only'))
  assert.match(fresh.visitor.received, /Connection: close\r\n\r\nonly$/)
  assert.equal(fresh.visitor.hasEnded, true)

  const busy = new EdgeTest()
  busy.visitor.send(get('/'))
  const origin = busy.connect()
  busy.edge.drain()
  assert.equal(busy.visitor.hasEnded, false)
  origin.send(response('last'))
  assert.match(busy.visitor.received, /Connection: close\r\n\r\nlast$/)
  assert.equal(busy.visitor.hasEnded, true)
  assert.equal(origin.socket.isClosed, true)

  const gone = new EdgeTest()
  gone.visitor.send(get('/'))
  const aborted = gone.connect()
  gone.edge.abort()
  assert.equal(gone.visitor.isReset, true)
  assert.equal(aborted.isAborted, true)
  assert.equal(gone.isClosed, true)
  assert.equal(gone.clock.pending, 0)
})

test('http/1: a visitor without a request is let go after a bound, and cut off if it stays', () => {
  for (const hasAsked of [false, true]) {
    const edge = new EdgeTest()
    if (hasAsked) {
      edge.clock.advance(idleVisitorMs / 2)
      edge.visitor.send(get('/'))
      edge.connect().send(response('first'))
    }
    edge.clock.advance(idleVisitorMs - 1)
    assert.equal(edge.visitor.hasEnded, false)
    edge.clock.advance(1)
    assert.equal(edge.visitor.hasEnded, true)
    edge.clock.advance(idleVisitorMs)
    assert.equal(edge.visitor.isReset, true)
    assert.equal(edge.isClosed, true)
    assert.equal(edge.clock.pending, 0)
  }
})

test('http/1: a request that takes long is no idle visitor', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  edge.clock.advance(10 * idleVisitorMs)
  origin.send(response('late'))
  assert.match(edge.visitor.received, /late$/)
  assert.equal(edge.visitor.hasEnded, false)
})
