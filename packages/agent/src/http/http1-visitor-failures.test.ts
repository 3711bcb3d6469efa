import assert from 'node:assert/strict'
import test from 'node:test'
import { EdgeTest, type FakeOrigin, get, response } from './edge.test.support.ts'
import { headTimeoutMs, lingerBytes, lingerMs } from './limits.ts'

const host = 'Host: app.example.com\r\n'
const post = (framing: string, body: string): string =>
  `POST / HTTP/1.1\r\n${host}${framing}\r\n\r\n${body}`

/** An edge whose visitor has asked, and the origin. */
function asked(request = get('/')): readonly [EdgeTest, FakeOrigin] {
  const edge = new EdgeTest()
  edge.visitor.send(request)
  return [edge, edge.connect()]
}

test('http/1: a request that cannot be read gets 400 and the end, and nothing behind it counts', () => {
  const edge = new EdgeTest()
  edge.visitor.send(`GET / HTTP/1.1\r\n${host}${host}\r\n${get('/smuggled')}`)
  assert.match(edge.visitor.received, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(edge.visitor.received, /Sallyport-Error: SP_HTTP_BAD_REQUEST\r\n/)
  assert.match(edge.visitor.received, /Connection: close\r\n/)
  assert.equal(edge.visitor.hasEnded, true)
  assert.equal(edge.dials.length, 0)
  assert.equal(edge.visitor.credited, edge.visitor.sent)
  edge.visitor.sendEnd()
  assert.equal(edge.isClosed, true)
  assert.equal(edge.clock.pending, 0)
})

test('http/1: a bad chunk gets 400, and the origin a reset', () => {
  const [edge, origin] = asked(post('Transfer-Encoding: chunked', '5\r\nhello\r\n'))
  edge.visitor.send('zz\r\n')
  assert.match(edge.visitor.received, /^HTTP\/1\.1 400 /)
  assert.equal(origin.isAborted, true)
  assert.doesNotMatch(origin.received, /zz/)
})

test('http/1: a bad chunk behind the answer’s head breaks the connection off', () => {
  const [edge, origin] = asked(post('Transfer-Encoding: chunked', '5\r\nhello\r\n'))
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhal')
  edge.visitor.send('zz\r\n')
  assert.equal(edge.visitor.isReset, true)
  assert.equal(origin.isAborted, true)
  assert.equal(edge.isClosed, true)
})

test('http/1: an origin that refuses the dial is a 502, and the connection goes on', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/', 'Accept: text/html,*/*'))
  edge.refuse()
  assert.match(edge.visitor.received, /^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: text\/html/)
  assert.match(edge.visitor.received, /SP_ORIGIN_REFUSED/)
  assert.equal(edge.visitor.hasEnded, false)
  edge.visitor.send(get('/2'))
  edge.connect().send(response('two'))
  assert.match(edge.visitor.received, /two$/)
})

test('http/1: a refused dial ends the connection when a body is still to come', () => {
  const edge = new EdgeTest()
  edge.visitor.send(post('Content-Length: 5', ''))
  edge.refuse()
  assert.match(edge.visitor.received, /^HTTP\/1\.1 502 .*Connection: close/s)
  assert.equal(edge.visitor.hasEnded, true)
})

test('http/1: an origin that never answers the dial is a 504', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  edge.clock.advance(100_000)
  assert.match(edge.visitor.received, /^HTTP\/1\.1 504 .*SP_CHANNEL_TIMEOUT/s)
  assert.equal(edge.cancelled, 1)
  assert.equal(edge.dials.length, 0)
})

test('http/1: an origin that closes before it answers is a 502', () => {
  const [edge, origin] = asked()
  origin.sendEnd()
  assert.match(edge.visitor.received, /^HTTP\/1\.1 502 .*SP_ORIGIN_LOST/s)
  assert.equal(edge.visitor.hasEnded, false)
})

test('http/1: an answer that is no HTTP is a 502', () => {
  const [edge, origin] = asked()
  origin.send('SSH-2.0-OpenSSH_9.2p1\r\n')
  assert.match(edge.visitor.received, /^HTTP\/1\.1 502 .*SP_ORIGIN_BAD_RESPONSE/s)
  assert.equal(origin.isAborted, true)
})

const truncations: readonly (readonly [what: string, answer: string])[] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'],
  ['a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel'],
  ['the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n'],
]
for (const [what, answer] of truncations) {
  test(`http/1: an origin that ends within ${what} never becomes a clean end`, () => {
    const [edge, origin] = asked()
    origin.send(answer)
    origin.sendEnd()
    assert.equal(edge.visitor.isReset, true)
    assert.equal(edge.visitor.hasEnded, false)
    assert.equal(edge.isClosed, true)
  })
}

test('http/1: an origin that resets within a body until the end is no clean end', () => {
  const [edge, origin] = asked()
  origin.send('HTTP/1.1 200 OK\r\n\r\nhel')
  origin.close(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  assert.equal(edge.visitor.isReset, true)
})

test('http/1: a safe request on a connection that the origin had just closed is sent again', () => {
  const [edge, first] = asked()
  first.send(response('one'))
  edge.visitor.send(get('/2'))
  assert.match(first.received, /\/2/)
  first.sendEnd()
  const second = edge.connect()
  assert.match(second.received, /^GET \/2 HTTP\/1\.1\r\n/)
  second.send(response('two'))
  assert.match(edge.visitor.received, /one.*two$/s)
})

test('http/1: once again only, not on a first connection, and no POST', () => {
  const [edge, first] = asked()
  first.send(response('one'))
  edge.visitor.send(get('/2'))
  first.sendEnd()
  edge.connect().sendEnd()
  assert.match(edge.visitor.received, /502 .*SP_ORIGIN_LOST/s)
  assert.equal(edge.dials.length, 0)

  const [posted, origin] = asked()
  origin.send(response('one'))
  posted.visitor.send(post('Content-Length: 5', 'hello'))
  origin.sendEnd()
  assert.match(posted.visitor.received, /502 .*SP_ORIGIN_LOST/s)
  assert.equal(posted.dials.length, 0)
})

test('http/1: an origin that has closed its idle connection is dialled anew', () => {
  const [edge, first] = asked()
  first.send(response('one'))
  first.sendEnd()
  assert.equal(first.socket.isClosed, true)
  edge.visitor.send(post('Content-Length: 5', 'hello'))
  edge.connect().send(response('two'))
  assert.match(edge.visitor.received, /two$/)
})

test('http/1: a visitor that resets takes its origin with it', () => {
  const [edge, origin] = asked()
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
  edge.visitor.sendReset()
  assert.equal(origin.isAborted, true)
  assert.equal(edge.isClosed, true)

  const dialling = new EdgeTest()
  dialling.visitor.send(get('/'))
  dialling.visitor.sendReset()
  assert.equal(dialling.cancelled, 1)
  assert.equal(dialling.isClosed, true)
  assert.equal(dialling.clock.pending, 0)
})

test('http/1: a visitor that half-closes still gets every answer', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/1') + get('/2'))
  edge.visitor.sendEnd()
  const origin = edge.connect()
  origin.send(response('one'))
  // The origin is not told: Node's own server would drop the answer.
  assert.equal(origin.socket.hasEnded, false)
  origin.send(response('two'))
  assert.match(edge.visitor.received, /one.*two$/s)
  assert.equal(edge.visitor.hasEnded, true)
  assert.equal(edge.isClosed, true)
  assert.equal(origin.socket.isClosed, true)
  assert.equal(edge.clock.pending, 0)
})

test('http/1: a body cut short by the visitor’s end is cut short for the origin, which may answer', () => {
  const [edge, origin] = asked(post('Content-Length: 50', 'hello'))
  edge.visitor.sendEnd()
  assert.equal(origin.socket.hasEnded, true)
  origin.send(response('too short'))
  assert.match(edge.visitor.received, /Connection: close\r\n\r\ntoo short$/)
  assert.equal(edge.isClosed, true)
})

test('http/1: a visitor that ends within a head is told so', () => {
  const edge = new EdgeTest()
  edge.visitor.send('GET / HTTP/1.1\r\nHost')
  edge.visitor.sendEnd()
  assert.match(edge.visitor.received, /^HTTP\/1\.1 400 /)
  assert.equal(edge.isClosed, true)

  const silent = new EdgeTest()
  silent.visitor.sendEnd()
  assert.equal(silent.visitor.received, '')
  assert.equal(silent.visitor.hasEnded, true)
  assert.equal(silent.isClosed, true)
})

test('http/1: a part of a head is held uncredited, so that the mux counts it', () => {
  const edge = new EdgeTest()
  const head = get('/', `X: ${'x'.repeat(20_000)}`)
  edge.visitor.send(head.slice(0, 15_000))
  edge.visitor.send(head.slice(15_000, 19_000))
  assert.equal(edge.visitor.credited, 0)
  edge.visitor.send(head.slice(19_000))
  const origin = edge.connect()
  assert.equal(edge.visitor.credited, head.length)
  origin.send(response('hello'))
  assert.match(edge.visitor.received, /hello$/)
})

/** Heads that a careless parser would go over again and again. */
const tedious: readonly (readonly [what: string, head: string])[] = [
  ['blanks in Connection', get('/', `Connection: a${' '.repeat(30_000)}b`)],
  ['commas in Connection', get('/', `Connection: ${','.repeat(30_000)}`)],
  ['options of Connection', get('/', `Connection: ${'a,'.repeat(15_000)}`)],
  [
    'fields named by Connection',
    get('/', 'Connection: x', ...Array.from({ length: 190 }, () => 'X: y')),
  ],
  ['blanks behind a value', get('/', `X: y${' '.repeat(30_000)}`)],
  ['a long target', get(`/${'a'.repeat(30_000)}`)],
  ['a long absolute target', get(`https://app.example.com/${'?/'.repeat(15_000)}`)],
  ['a long host', `GET / HTTP/1.1\r\nHost: ${'a.'.repeat(15_000)}\r\n\r\n`],
  ['a password of blanks', get('/', `Authorization: Basic ${' '.repeat(30_000)}`)],
  ['a long Accept', get('/', `Accept: ${'text/htm,'.repeat(3_000)}`)],
]
for (const [what, head] of tedious) {
  test(`http/1: ${what} cost no time to speak of, also octet by octet`, () => {
    const before = process.cpuUsage()
    for (let turn = 0; turn < 20; turn++) new EdgeTest().visitor.send(head)
    const edge = new EdgeTest()
    for (const octet of Buffer.from(head, 'latin1')) edge.visitor.send(Buffer.of(octet))
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 500_000, `${user + system} µs`)
  })
}

test('http/1: a head that does not come in time is a 408', () => {
  const edge = new EdgeTest()
  edge.clock.advance(headTimeoutMs)
  edge.visitor.send('GET / HTTP/1.1\r\n')
  edge.clock.advance(headTimeoutMs - 1)
  edge.visitor.send('Host: app')
  assert.equal(edge.visitor.received, '')
  edge.clock.advance(1)
  assert.match(edge.visitor.received, /^HTTP\/1\.1 408 /)
  assert.equal(edge.visitor.hasEnded, true)
})

test('http/1: a visitor that sends on after its last answer is cut off, one that reads slowly is not', () => {
  const ended = (): EdgeTest => {
    const edge = new EdgeTest()
    edge.visitor.send('bad\r\n\r\n')
    assert.equal(edge.visitor.hasEnded, true)
    return edge
  }
  const much = ended()
  for (let sent = 1024 * 1024; sent < lingerBytes; sent += 1024 * 1024) {
    much.visitor.send(Buffer.alloc(1024 * 1024))
    assert.equal(much.visitor.isReset, false)
  }
  much.visitor.send(Buffer.alloc(1024 * 1024))
  assert.equal(much.visitor.isReset, true)
  assert.equal(much.isClosed, true)

  const long = ended()
  long.clock.advance(lingerMs + 1)
  assert.equal(long.visitor.isReset, false)
  long.visitor.send('x')
  assert.equal(long.visitor.isReset, true)

  const silent = ended()
  silent.clock.advance(3_599_000)
  assert.equal(silent.visitor.isReset, false)
  silent.clock.advance(1_001)
  assert.equal(silent.visitor.isReset, true)
})

test('http/1: an end is not lost when the visitor is slow to take it', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/', 'Connection: close'))
  const origin = edge.connect()
  edge.visitor.takes = false
  const body = 'x'.repeat(60_000)
  origin.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
  edge.visitor.drain()
  origin.send(body)
  edge.visitor.sendEnd()
  for (let turn = 0; turn < 5; turn++) edge.visitor.drain()
  assert.ok(edge.visitor.received.endsWith(body))
  assert.equal(edge.visitor.hasEnded, true)
  assert.equal(edge.isClosed, true)
})
