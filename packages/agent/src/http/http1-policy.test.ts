import assert from 'node:assert/strict'
import test from 'node:test'
import { AddressSet } from './address-rules.ts'
import { BasicAuth, formatPasswordLine, parsePasswordFile } from './basic-auth.ts'
import { EdgeTest, get, response } from './edge.test.support.ts'
import { parseHeaderRules } from './header-rules.ts'

const host = 'Host: app.example.com\r\n'

/** The lines of a head whose names begin with `prefix`. */
function lines(text: string, prefix: RegExp): readonly string[] {
  return text.split('\r\n').filter((line) => prefix.test(line))
}

test('http/1 policy: no spelling of a visitor’s claims reaches the origin', () => {
  const edge = new EdgeTest()
  const claims = [
    'X-Forwarded-For: 6.6.6.6',
    'x-forwarded-for: 6.6.6.6',
    'X_Forwarded_For: 6.6.6.6',
    'X-Forwarded_For: 6.6.6.6',
    'X.Forwarded.For: 6.6.6.6',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: evil',
    'X-Forwarded-Port: 1',
    'X-Forwarded-Prefix: /evil',
    'X-Real-IP: 6.6.6.6',
    'X_REAL_IP: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
    'Client-IP: 6.6.6.6',
    'True-Client-IP: 6.6.6.6',
    'Proxy: http://6.6.6.6',
    'Content_Length: 6',
    'Transfer_Encoding: 6',
    'Connection: close, X-Forwarded-For, X-Forwarded-Proto, Forwarded',
  ]
  edge.visitor.send(get('/', ...claims))
  const { received } = edge.connect()
  assert.doesNotMatch(received, /6\.6\.6\.6|evil|: 6\r/)
  assert.deepEqual(lines(received, /forwarded|real/i), [
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: app.example.com',
    'X-Forwarded-Port: 443',
    'X-Real-IP: 203.0.113.7',
    'Forwarded: for=203.0.113.7;host=app.example.com;proto=https',
  ])
})

test('http/1 policy: behind a trusted proxy its claims are kept and added to', () => {
  const trustedProxies = new AddressSet(['203.0.113.0/24', '10.0.0.0/8'], 'test')
  const edge = new EdgeTest({ policy: { trustedProxies } })
  edge.visitor.send(
    get(
      '/',
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-For: 198.51.100.9, 10.1.1.1',
      'Forwarded: for=a',
    ),
  )
  assert.deepEqual(lines(edge.connect().received, /forwarded-for|real|^forwarded/i), [
    'X-Forwarded-For: 6.6.6.6, 198.51.100.9, 10.1.1.1, 203.0.113.7',
    'X-Real-IP: 198.51.100.9',
    'Forwarded: for=a, for=203.0.113.7;host=app.example.com;proto=https',
  ])
})

test('http/1 policy: Host is unchanged unless another is asked for', () => {
  const edge = new EdgeTest({ policy: { hostHeader: 'localhost:3000' } })
  edge.visitor.send(get('/'))
  const { received } = edge.connect()
  assert.deepEqual(lines(received, /^host/i), ['Host: localhost:3000'])
  assert.deepEqual(lines(received, /^x-forwarded-host/i), ['X-Forwarded-Host: app.example.com'])
})

test('http/1 policy: Location is never rewritten', () => {
  const edge = new EdgeTest({ policy: { hostHeader: 'localhost:3000' } })
  edge.visitor.send(get('/'))
  edge.connect().send(response('', 'Location: http://localhost:3000/x'))
  assert.match(edge.visitor.received, /Location: http:\/\/localhost:3000\/x\r\n/)
})

test('http/1 policy: header rules add and remove', () => {
  const policy = {
    requestHeaders: parseHeaderRules({ add: ['X-Env: dev'], remove: ['cookie', 'X-Env'] }, 'test'),
    responseHeaders: parseHeaderRules(
      { add: ['X-Frame-Options: DENY'], remove: ['Server'] },
      'test',
    ),
  }
  const edge = new EdgeTest({ policy })
  edge.visitor.send(get('/', 'Cookie: a', 'X-Env: visitor', 'Keep: 1'))
  const origin = edge.connect()
  assert.deepEqual(lines(origin.received, /^(cookie|x-env|keep)/i), ['Keep: 1', 'X-Env: dev'])
  origin.send(response('', 'Server: x', 'Keep: 1'))
  assert.deepEqual(lines(edge.visitor.received, /^(server|x-frame|keep)/i), [
    'Keep: 1',
    'X-Frame-Options: DENY',
  ])
})

test('http/1 policy: a request for another host than the visitor’s TLS asked for is a 421', () => {
  const edge = new EdgeTest()
  edge.visitor.send(`GET / HTTP/1.1\r\nHost: other.example.com\r\n\r\n`)
  assert.match(edge.visitor.received, /^HTTP\/1\.1 421 /)
  assert.equal(edge.dials.length, 0)
  // The connection is fine, and so is the same host otherwise written.
  edge.visitor.send('GET / HTTP/1.1\r\nHost: APP.example.com.:8443\r\n\r\n')
  assert.equal(edge.dials.length, 1)
})

test('http/1 policy: without SNI the route’s public host counts', () => {
  const visit = { sni: undefined }
  const edge = new EdgeTest({ visit: visit as unknown as object, publicHost: '192.0.2.1' })
  edge.visitor.send('GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n')
  assert.match(edge.visitor.received, /^HTTP\/1\.1 421 /)
  edge.visitor.send('GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n')
  assert.equal(edge.dials.length, 1)
})

test('http/1 policy: a request without a Host gets the name, or the address in brackets', () => {
  const visit = { sni: undefined, listener: { address: '2001:db8::1', port: 443 } }
  const edge = new EdgeTest({ visit: visit as unknown as object })
  edge.visitor.send('GET / HTTP/1.0\r\n\r\n')
  assert.deepEqual(lines(edge.connect().received, /^host/i), ['Host: [2001:db8::1]'])
})

test('http/1 policy: an SNI that is no host name becomes no Host', () => {
  for (const sni of ['a\r\nX-Evil: yes', 'a b', 'a@b', '']) {
    const edge = new EdgeTest({ visit: { sni }, publicHost: 'app.example.com' })
    edge.visitor.send('GET / HTTP/1.0\r\n\r\n')
    const { received } = edge.connect()
    assert.deepEqual(lines(received, /^host/i), ['Host: app.example.com'])
    assert.deepEqual(lines(received, /evil|^x-forwarded-host/i), [
      'X-Forwarded-Host: app.example.com',
    ])
  }
})

test('http/1 policy: --max-body refuses a declared length before anything is sent', () => {
  const edge = new EdgeTest({ policy: { maxBodyBytes: 4 } })
  edge.visitor.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
  assert.match(edge.visitor.received, /^HTTP\/1\.1 413 /)
  assert.equal(edge.visitor.hasEnded, true)
  assert.equal(edge.dials.length, 0)
})

test('http/1 policy: --max-body stops chunks that go beyond it', () => {
  const edge = new EdgeTest({ policy: { maxBodyBytes: 4 } })
  edge.visitor.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n`)
  const origin = edge.connect()
  edge.visitor.send('1\r\n!\r\n0\r\n\r\n')
  assert.match(edge.visitor.received, /^HTTP\/1\.1 413 /)
  assert.equal(origin.isAborted, true)
  assert.doesNotMatch(origin.received, /\r\n0\r\n/)
})

test('http/1 policy: --max-body lets a body of exactly that size through', () => {
  const edge = new EdgeTest({ policy: { maxBodyBytes: 4 } })
  edge.visitor.send(
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n`,
  )
  edge.connect().send(response('ok'))
  assert.match(edge.visitor.received, /ok$/)
})

test('http/1 policy: --origin-timeout is a 504, and any byte resets it', () => {
  const edge = new EdgeTest({ policy: { originTimeoutMs: 1000 } })
  edge.visitor.send(get('/'))
  const origin = edge.connect()
  edge.clock.advance(999)
  origin.send('HTTP/1.1 103 Early\r\n\r\n')
  edge.clock.advance(999)
  assert.doesNotMatch(edge.visitor.received, /504/)
  edge.clock.advance(1)
  assert.match(edge.visitor.received, /504 Gateway Timeout.*SP_ORIGIN_TIMEOUT/s)
  assert.equal(origin.isAborted, true)
  assert.equal(edge.visitor.hasEnded, false)
})

test('http/1 policy: --origin-timeout within an answer breaks it off', () => {
  const edge = new EdgeTest({ policy: { originTimeoutMs: 1000 } })
  edge.visitor.send(get('/'))
  edge.connect().send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
  edge.clock.advance(1000)
  assert.equal(edge.visitor.isReset, true)
})

test('http/1 policy: --origin-timeout does not count while the visitor keeps the origin waiting', () => {
  const edge = new EdgeTest({ policy: { originTimeoutMs: 1000 } })
  edge.visitor.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhel`)
  const origin = edge.connect()
  edge.clock.advance(10_000)
  edge.visitor.send('lo')
  edge.visitor.takes = false
  origin.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
  edge.clock.advance(10_000)
  assert.equal(edge.visitor.isReset, false)
  edge.visitor.drain()
  edge.clock.advance(2_000)
  assert.equal(edge.visitor.isReset, true)
})

test('http/1 policy: addresses are let in or not', () => {
  const access = { allow: new AddressSet(['198.51.100.0/24'], 'test') }
  const edge = new EdgeTest({ policy: { access } })
  edge.visitor.send(get('/'))
  assert.match(edge.visitor.received, /^HTTP\/1\.1 403 /)
  assert.equal(edge.dials.length, 0)

  const trustedProxies = new AddressSet(['203.0.113.7'], 'test')
  const behind = new EdgeTest({ policy: { access, trustedProxies } })
  behind.visitor.send(get('/', 'X-Forwarded-For: 198.51.100.9'))
  assert.equal(behind.dials.length, 1)
})

test('http/1 policy: paths go to their targets, and each has its own connection', () => {
  const edge = new EdgeTest({ prefixes: ['/', '/api'] })
  edge.visitor.send(get('/api/x') + get('/apix') + get('/api?y') + get('/'))
  assert.equal(edge.dials[0]?.label, '/api')
  const api = edge.connect()
  api.send(response('1'))
  assert.equal(edge.dials[0]?.label, '/')
  const web = edge.connect()
  web.send(response('2'))
  assert.match(api.received, /GET \/api\?y/)
  api.send(response('3'))
  web.send(response('4'))
  assert.equal(edge.origins.length, 2)
  assert.match(edge.visitor.received, /1HTTP.*2HTTP.*3HTTP.*4$/s)

  const partial = new EdgeTest({ prefixes: ['/api'] })
  partial.visitor.send(get('/'))
  assert.match(partial.visitor.received, /^HTTP\/1\.1 404 .*SP_HTTP_NO_TARGET/s)
})

const basic = (login: string): string =>
  `Authorization: Basic ${Buffer.from(login).toString('base64')}`

test('http/1 policy: basic auth asks, lets in, and keeps the password from the origin', async () => {
  const users = parsePasswordFile(await formatPasswordLine('ada', 'pass:word'), 'test')
  const basicAuth = new BasicAuth({ realm: 'app', users })
  const edge = new EdgeTest({ policy: { basicAuth } })
  edge.visitor.send(get('/'))
  assert.match(edge.visitor.received, /^HTTP\/1\.1 401 /)
  assert.match(edge.visitor.received, /WWW-Authenticate: Basic realm="app", charset="UTF-8"\r\n/)

  edge.visitor.send(get('/1', basic('ada:pass:word')) + get('/2', basic('ada:wrong')))
  await waitUntil(() => edge.dials.length > 0)
  const origin = edge.connect()
  assert.doesNotMatch(origin.received, /authorization/i)
  origin.send(response('one'))
  await waitUntil(() => edge.visitor.received.match(/ 401 /g)?.length === 2)

  // The right one is remembered: no promise, no hash.
  edge.visitor.send(get('/3', basic('ada:pass:word')))
  assert.match(origin.received, /\/3/)
})

test('http/1 policy: a visitor may leave while its password is checked', async () => {
  const users = parsePasswordFile(await formatPasswordLine('ada', 'x'), 'test')
  const edge = new EdgeTest({ policy: { basicAuth: new BasicAuth({ realm: 'app', users }) } })
  edge.visitor.send(get('/', basic('ada:x')))
  edge.visitor.sendReset()
  assert.equal(edge.isClosed, true)
  const other = new EdgeTest({ policy: edge.policy })
  other.visitor.send(get('/', basic('ada:x')))
  await waitUntil(() => other.dials.length > 0)
  assert.equal(edge.dials.length, 0)
})

/** Hashes run on other threads; a turn of the loop at a time. */
async function waitUntil(isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!isTrue()) {
    assert.ok(performance.now() < deadlineMs, 'it did not happen')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
