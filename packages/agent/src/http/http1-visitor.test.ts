import assert from 'node:assert/strict'
import test from 'node:test'
import { EdgeTest, get, response } from './edge.test.support.ts'

const forwarding =
  'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.com\r\n' +
  'X-Forwarded-Port: 443\r\nX-Real-IP: 203.0.113.7\r\n' +
  'Forwarded: for=203.0.113.7;host=app.example.com;proto=https\r\n'
const host = 'Host: app.example.com\r\n'

const post = (framing: string, body: string, path = '/'): string =>
  `POST ${path} HTTP/1.1\r\n${host}${framing}\r\n\r\n${body}`

test('http/1: a request and its answer pass, edited', () => {
  const edge = new EdgeTest()
  assert.equal(edge.visitor.isAccepted, true)
  const fields = ['X-Forwarded-For: 6.6.6.6', 'Connection: keep-alive, X-Gone', 'X-Gone: 1', 'A:b']
  edge.visitor.send(get('/a?b', ...fields))
  const origin = edge.connect()
  assert.equal(origin.received, `GET /a?b HTTP/1.1\r\n${host}A: b\r\n${forwarding}\r\n`)
  origin.send(response('hello', 'Connection: keep-alive', 'Keep-Alive: timeout=5', 'X: y'))
  assert.equal(edge.visitor.received, 'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello')
  assert.equal(edge.visitor.writes, 1)
  assert.equal(edge.visitor.credited, edge.visitor.sent)
})

test('http/1: nothing is dialled before a request is there', () => {
  const edge = new EdgeTest()
  edge.visitor.send('GET / HTTP/1.1\r\nHost: app.exa')
  assert.equal(edge.dials.length, 0)
  edge.visitor.send('mple.com\r\n\r\n')
  assert.equal(edge.dials.length, 1)
})

test('http/1: one connection to the origin serves all requests of a visitor', () => {
  const edge = new EdgeTest()
  for (let turn = 0; turn < 3; turn++) {
    edge.visitor.send(get(`/${turn}`))
    const origin = edge.origins[0] ?? edge.connect()
    origin.send(response(`${turn}`))
  }
  assert.equal(edge.origins.length, 1)
  assert.match(edge.visitor.received, /\r\n\r\n0HTTP.*\r\n\r\n1HTTP.*\r\n\r\n2$/s)
})

test('http/1: pipelined requests go on one at a time, and wait uncredited', () => {
  const edge = new EdgeTest()
  const one = get('/1')
  edge.visitor.send(one + get('/2') + post('Content-Length: 2', 'hi', '/3'))
  const origin = edge.connect()
  assert.equal(origin.received.match(/HTTP\/1\.1/g)?.length, 1)
  assert.equal(edge.visitor.credited, one.length)
  origin.send(response('one'))
  assert.equal(origin.received.match(/HTTP\/1\.1/g)?.length, 2)
  origin.send(response('two'))
  assert.match(origin.received, /POST \/3 .*Content-Length: 2\r\n\r\nhi$/s)
  origin.send(response('three'))
  assert.equal(edge.visitor.credited, edge.visitor.sent)
  assert.match(edge.visitor.received, /one.*two.*three$/s)
})

test('http/1: a small body leaves with its head, a large one as it came', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  origin.send(response(''))
  origin.socket.pieces.length = 0
  edge.visitor.send(post('Content-Length: 5', 'hello'))
  assert.equal(origin.socket.pieces.length, 1)
  assert.equal(
    origin.received,
    `POST / HTTP/1.1\r\n${host}${forwarding}Content-Length: 5\r\n\r\nhello`,
  )
  origin.send(response(''))

  const body = Buffer.alloc(100_000, 'x')
  edge.visitor.send(post('Content-Length: 100000', ''))
  origin.socket.pieces.length = 0
  edge.visitor.send(body)
  assert.equal(origin.socket.pieces.length, 1)
  assert.deepEqual(origin.socket.pieces[0], body)
})

test('http/1: chunked bodies are written anew, both ways', () => {
  const edge = new EdgeTest()
  edge.visitor.send(post('Transfer-Encoding: CHUNKED', '0005;ext=1\r\nhel'))
  const origin = edge.connect()
  edge.visitor.send('lo\r\n0;x\r\nX-Sum: 7\r\nHost: evil\r\n')
  edge.visitor.send('Content-Length: 3\r\nX-Forwarded-For: 1\r\n\r\n')
  assert.equal(
    origin.received,
    `POST / HTTP/1.1\r\n${host}${forwarding}Transfer-Encoding: chunked\r\n\r\n` +
      '5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n',
  )
  origin.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA;x\r\n01234')
  origin.send('56789\r\n0\r\nServer-Timing: x\r\nSet-Cookie: evil\r\n\r\n')
  assert.equal(
    edge.visitor.received,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
      'a\r\n0123456789\r\n0\r\nServer-Timing: x\r\n\r\n',
  )
})

test('http/1: an HTTP/1.0 visitor gets chunks without framing, and the end', () => {
  const edge = new EdgeTest()
  edge.visitor.send('GET / HTTP/1.0\r\n\r\n')
  const origin = edge.connect()
  assert.match(origin.received, /^GET \/ HTTP\/1\.1\r\nHost: app\.example\.com\r\n/)
  origin.send('HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  origin.send('5\r\nhello\r\n0\r\nA: b\r\n\r\n')
  assert.equal(edge.visitor.received, 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello')
  assert.equal(edge.visitor.hasEnded, true)
})

test('http/1: an HTTP/1.0 visitor that asks keeps its connection', () => {
  const edge = new EdgeTest()
  edge.visitor.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  edge.connect().send(response('hi'))
  assert.match(edge.visitor.received, /Connection: keep-alive\r\n\r\nhi$/)
  assert.equal(edge.visitor.hasEnded, false)
})

test('http/1: a body until the end ends the visitor’s connection too', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  origin.send('HTTP/1.0 200 OK\r\n\r\nhel')
  origin.send('lo')
  assert.equal(edge.visitor.hasEnded, false)
  origin.sendEnd()
  assert.equal(edge.visitor.received, 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello')
  assert.equal(edge.visitor.hasEnded, true)
  assert.equal(origin.socket.isClosed, true)
  edge.visitor.sendEnd()
  assert.equal(edge.isClosed, true)
})

test('http/1: answers without a body are not waited for', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/').replace('GET', 'HEAD') + get('/2') + get('/3') + get('/4'))
  const origin = edge.connect()
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
  origin.send('HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n')
  origin.send('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n')
  origin.send(response('four'))
  assert.equal(
    edge.visitor.received,
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n' +
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour',
  )
})

test('http/1: interim answers pass; a 100 only to who waits for it', () => {
  const edge = new EdgeTest()
  edge.visitor.send(post('Content-Length: 5\r\nExpect: 100-continue', ''))
  const origin = edge.connect()
  assert.match(origin.received, /Expect: 100-continue\r\n/)
  origin.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n')
  assert.equal(
    edge.visitor.received,
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n',
  )
  edge.visitor.send('hello')
  origin.send(response('done'))
  assert.ok(edge.visitor.received.endsWith('done'))
  edge.visitor.send(get('/2'))
  assert.doesNotMatch(origin.received.slice(origin.received.indexOf('hello')), /Expect/)
  origin.send(`HTTP/1.1 100 Continue\r\n\r\n${response('two')}`)
  assert.equal(edge.visitor.received.match(/100 Continue/g)?.length, 1)
})

test('http/1: an answer before the request’s end is the last', () => {
  const edge = new EdgeTest()
  edge.visitor.send(post('Content-Length: 50', 'hello'))
  const origin = edge.connect()
  origin.send(response('no'))
  assert.match(edge.visitor.received, /Connection: close\r\n\r\nno$/)
  assert.equal(edge.visitor.hasEnded, true)
  assert.equal(origin.isAborted, true)
  // What still comes is dropped, and is no request.
  edge.visitor.send('x'.repeat(45) + get('/smuggled'))
  assert.equal(edge.visitor.credited, edge.visitor.sent)
  assert.equal(edge.dials.length, 0)
})

test('http/1: unasked bytes behind an answer end the origin’s connection, and reach nobody', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  origin.send(response('one') + response('poison'))
  assert.equal(origin.isAborted, true)
  assert.doesNotMatch(edge.visitor.received, /poison/)
  edge.visitor.send(get('/2'))
  edge.connect().send(response('two'))
  assert.match(edge.visitor.received, /one.*two$/s)
})

test('http/1: unasked bytes on an idle connection end it', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  origin.send(response('one'))
  origin.send('HTTP/1.1 408 Request Timeout\r\n\r\n')
  assert.equal(origin.isAborted, true)
  assert.doesNotMatch(edge.visitor.received, /408/)
})

test('http/1: a large answer is written in pieces that the stream takes', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const body = 'x'.repeat(300_000)
  edge.connect().send(response(body))
  assert.ok(edge.visitor.received.endsWith(body))
})

test('http/1: a visitor that takes nothing stops the origin, and loses nothing', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  edge.visitor.takes = false
  const body = Array.from({ length: 30_000 }, (_, index) => `${index}\n`).join('')
  origin.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`)
  assert.equal(origin.isPaused, true)
  origin.send(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  for (let turn = 0; turn < 20; turn++) edge.visitor.drain()
  assert.ok(edge.visitor.received.includes(body))
  assert.ok(edge.visitor.received.endsWith('\r\n0\r\n\r\n'))
})

test('http/1: a visitor that takes no answers gets no further ones', () => {
  const edge = new EdgeTest()
  edge.visitor.send(get('/1'))
  const origin = edge.connect()
  edge.visitor.takes = false
  origin.send(response('one'))
  edge.visitor.send(get('/2'))
  assert.doesNotMatch(origin.received, /\/2/)
  edge.visitor.takes = true
  edge.visitor.drain()
  assert.match(origin.received, /\/2/)
  origin.send(response('two'))
  assert.match(edge.visitor.received, /two$/)
})

test('http/1: an origin that takes nothing gets no more than the window', () => {
  const edge = new EdgeTest()
  const head = post('Content-Length: 1000000', '')
  edge.visitor.send(head)
  const origin = edge.connect()
  origin.socket.takes = false
  edge.visitor.send('x'.repeat(30_000))
  edge.visitor.send('x'.repeat(30_000))
  assert.equal(edge.visitor.credited, head.length)
  origin.socket.takes = true
  origin.drain()
  assert.equal(edge.visitor.credited, head.length + 60_000)
})
