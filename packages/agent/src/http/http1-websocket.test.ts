import assert from 'node:assert/strict'
import test from 'node:test'
import { EdgeTest, type FakeOrigin, get, response } from './edge.test.support.ts'

// The key and its answer of RFC 6455 §1.3.
const handshake = [
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'

function asked(behind = ''): readonly [EdgeTest, FakeOrigin] {
  const edge = new EdgeTest()
  edge.visitor.send(get('/ws', ...handshake) + behind)
  return [edge, edge.connect()]
}

test('websocket: bytes pass both ways once the origin has said 101, and not before', () => {
  const [edge, origin] = asked('early')
  assert.match(origin.received, /Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/)
  edge.visitor.send('er')
  assert.doesNotMatch(origin.received, /early/)
  origin.send(`${switching}\x81\x02hi`)
  assert.ok(origin.received.endsWith('\r\n\r\nearlyer'))
  assert.match(edge.visitor.received, /^HTTP\/1\.1 101 /)
  assert.ok(edge.visitor.received.endsWith('\r\n\r\n\x81\x02hi'))
  edge.visitor.send('\x82\x01x')
  assert.ok(origin.received.endsWith('\x82\x01x'))
  assert.equal(edge.visitor.credited, edge.visitor.sent)
})

for (const status of ['200 OK', '403 Forbidden', '426 Upgrade Required']) {
  test(`websocket: after a ${status} what waited is read as a request`, () => {
    const [edge, origin] = asked(get('/next'))
    origin.send(response('no', 'Upgrade: websocket').replace('200 OK', status))
    assert.match(origin.received, /\r\n\r\nGET \/next HTTP\/1\.1\r\n/)
    origin.send(response('next'))
    assert.match(edge.visitor.received, /no.*next$/s)
    assert.doesNotMatch(edge.visitor.received, /Upgrade: /)
  })
}

test('websocket: a 101 with a wrong answer, or to a plain request, is a 502', () => {
  const [edge, origin] = asked('early')
  origin.send(switching.replace('s3p', 'AAA'))
  assert.match(edge.visitor.received, /^HTTP\/1\.1 502 .*SP_ORIGIN_BAD_RESPONSE/s)
  assert.equal(origin.isAborted, true)

  const plain = new EdgeTest()
  plain.visitor.send(get('/', ...handshake.slice(0, 3)))
  const other = plain.connect()
  assert.doesNotMatch(other.received, /^(upgrade|connection):/im)
  other.send(switching)
  assert.match(plain.visitor.received, /^HTTP\/1\.1 502 /)
})

test('websocket: a request to become h2c is a request', () => {
  const edge = new EdgeTest()
  edge.visitor.send(
    get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
  )
  assert.doesNotMatch(edge.connect().received, /^(upgrade|connection|http2-settings):/im)
})

test('websocket: each side ends by itself', () => {
  const [edge, origin] = asked()
  origin.send(switching)
  edge.visitor.sendEnd()
  assert.equal(origin.socket.hasEnded, true)
  assert.equal(edge.visitor.hasEnded, false)
  origin.send('bye')
  origin.sendEnd()
  assert.ok(edge.visitor.received.endsWith('bye'))
  assert.equal(edge.visitor.hasEnded, true)
  origin.close()
  assert.equal(edge.isClosed, true)
  assert.equal(edge.visitor.isReset, false)
  assert.equal(edge.clock.pending, 0)

  const [reverse, first] = asked()
  first.send(switching)
  first.sendEnd()
  assert.equal(reverse.visitor.hasEnded, true)
  reverse.visitor.send('bye')
  assert.ok(first.received.endsWith('bye'))
  reverse.visitor.sendEnd()
  assert.equal(first.socket.hasEnded, true)
  assert.equal(reverse.isClosed, true)
})

test('websocket: a reset on one side is a reset on the other', () => {
  const [edge, origin] = asked()
  origin.send(switching)
  edge.visitor.sendReset()
  assert.equal(origin.isAborted, true)

  const [other, broken] = asked()
  broken.send(switching)
  broken.close(new Error('reset'))
  assert.equal(other.visitor.isReset, true)
})

test('websocket: a half-closed one that is silent for an hour is over', () => {
  const [edge, origin] = asked()
  origin.send(switching)
  edge.clock.advance(10 * 3_600_000)
  edge.visitor.sendEnd()
  edge.clock.advance(3_000_000)
  origin.send('still here')
  edge.clock.advance(3_000_000)
  assert.equal(edge.visitor.isReset, false)
  edge.clock.advance(600_001)
  assert.equal(edge.visitor.isReset, true)
  assert.equal(origin.isAborted, true)
})

test('websocket: back-pressure reaches both ends', () => {
  const [edge, origin] = asked()
  origin.send(switching)
  const credited = edge.visitor.credited
  origin.socket.takes = false
  edge.visitor.send('x'.repeat(1000))
  assert.equal(edge.visitor.credited, credited)
  origin.drain()
  assert.equal(edge.visitor.credited, credited + 1000)
  edge.visitor.takes = false
  origin.send('y')
  assert.equal(origin.isPaused, true)
  edge.visitor.drain()
  assert.equal(origin.isPaused, false)
})
