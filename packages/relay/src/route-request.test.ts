import assert from 'node:assert/strict'
import test from 'node:test'
import { assignName, generateAgentKey, isSallyportError } from '@sallyport/protocol'
import { createAgent } from './agent-keys.ts'
import { type RelaySite, requestRoute } from './route-request.ts'

const publicSite: RelaySite = {
  host: 'relay.test',
  listen: { host: '', port: 443 },
  tcpPorts: { first: 2000, last: 2100 },
}
const loopbackSite: RelaySite = {
  host: '127.0.0.1',
  listen: { host: '127.0.0.1', port: 8443 },
  tcpPorts: { first: 2222, last: 2222 },
}
const key = generateAgentKey()
const ask = (url: string, site = publicSite, allow = '*') =>
  requestRoute(url, createAgent('laptop', key.publicKey, allow), site)

const refuses =
  (pattern: RegExp, code = 'SP_NOT_PERMITTED') =>
  (error: unknown) => {
    assert.ok(isSallyportError(error))
    assert.equal(error.code, code)
    assert.match(error.message, pattern)
    return true
  }

test('route request: names get their place and public url', () => {
  const name = assignName(key.keyId, 'relay.test')
  for (const [url, site, kind, place, granted] of [
    ['https:', publicSite, 'https', `name ${name}`, `https://${name}`],
    ['https://App.Test/', publicSite, 'https', 'name app.test', 'https://app.test'],
    ['https://app.test:443', publicSite, 'https', 'name app.test', 'https://app.test'],
    ['tls://app.test', publicSite, 'tls', 'name app.test', 'tls://app.test:443'],
    ['https:', loopbackSite, 'https', 'name 127.0.0.1', 'https://127.0.0.1:8443'],
    ['https://127.0.0.1', loopbackSite, 'https', 'name 127.0.0.1', 'https://127.0.0.1:8443'],
    ['https://app.test', loopbackSite, 'https', 'name app.test', 'https://app.test:8443'],
    ['passthrough://a.test', publicSite, 'passthrough', 'name a.test', 'passthrough://a.test:443'],
  ] as const) {
    assert.deepEqual(ask(url, site), { kind, place, url: granted }, url)
  }
})

test('route request: a name on a further port is a place of its own, with that port', () => {
  for (const [url, site, kind, place, furtherPort] of [
    ['https://app.test:2001', publicSite, 'https', 'name app.test:2001', 2001],
    ['tls://app.test:2002', publicSite, 'tls', 'name app.test:2002', 2002],
    ['passthrough://a.test:2222', loopbackSite, 'passthrough', 'name a.test:2222', 2222],
    ['https://127.0.0.1:2222', loopbackSite, 'https', 'name 127.0.0.1:2222', 2222],
  ] as const) {
    assert.deepEqual(ask(url, site), { kind, place, url, furtherPort })
  }
})

test('route request: tcp ports listen where the relay does, or on its loopback', () => {
  const all = { first: 2000, last: 2100 }
  for (const [url, site, expected] of [
    [
      'tcp://:2001',
      publicSite,
      { host: '', publicHost: 'relay.test', ports: { first: 2001, last: 2001 }, isPicked: false },
    ],
    [
      'tcp://*:2001',
      publicSite,
      { host: '', publicHost: 'relay.test', ports: { first: 2001, last: 2001 }, isPicked: false },
    ],
    ['tcp://:0', publicSite, { host: '', publicHost: 'relay.test', ports: all, isPicked: true }],
    [
      'tcp://localhost:0',
      publicSite,
      { host: '127.0.0.1', publicHost: 'localhost', ports: all, isPicked: true },
    ],
    [
      'tcp://[::1]:2001',
      publicSite,
      { host: '::1', publicHost: '::1', ports: { first: 2001, last: 2001 }, isPicked: false },
    ],
    [
      'tcp://192.0.2.1:2001',
      publicSite,
      {
        host: '192.0.2.1',
        publicHost: '192.0.2.1',
        ports: { first: 2001, last: 2001 },
        isPicked: false,
      },
    ],
    [
      'tcp://:2222',
      loopbackSite,
      {
        host: '127.0.0.1',
        publicHost: '127.0.0.1',
        ports: { first: 2222, last: 2222 },
        isPicked: false,
      },
    ],
  ] as const) {
    assert.deepEqual(ask(url, site), { kind: 'tcp', ...expected }, url)
  }
})

test('route request: what the relay does not serve is refused, with the reason', () => {
  assert.throws(
    () => ask('https://app.test:8443'),
    refuses(/port 8443 for https:\/\/app\.test: this relay opens 2000 to 2100/),
  )
  assert.throws(() => ask('passthrough://relay.test:2000'), refuses(/it is the relay itself/))
  assert.throws(() => ask('https://relay.test'), refuses(/it is the relay itself/))
  assert.throws(
    () => ask('tls://192.0.2.7', loopbackSite),
    refuses(/reach this relay as 127\.0\.0\.1/),
  )
  assert.throws(() => ask('tcp://:1999'), refuses(/TCP port 1999: this relay opens 2000 to 2100/))
  assert.throws(() => ask('tcp://192.0.2.1:2222', loopbackSite), refuses(/address 192\.0\.2\.1/))
  assert.throws(
    () => ask('tcp://:2000', { ...publicSite, tcpPorts: undefined }),
    refuses(/without --tcp-ports/),
  )
  assert.throws(() => ask('ftp://app.test'), refuses(/ftp/, 'SP_PROTOCOL'))
})

test('route request: what the key may not claim is refused, with what it may', () => {
  const allow = 'app.test,*.dev.test,tcp:2050-2060'
  for (const url of [
    'https://app.test',
    'tls://app.test',
    'https://x.dev.test',
    'tcp://:2050',
    'tls://app.test:2050',
  ]) {
    assert.ok(ask(url, publicSite, allow))
  }
  for (const url of [
    'https://b.test',
    'https://dev.test',
    'tls://x.y.dev.test',
    'tcp://:2061',
    'https:',
    'https://app.test:2061',
  ]) {
    const may = /agent laptop may claim app\.test,\*\.dev\.test,tcp:2050-2060$/
    assert.throws(() => ask(url, publicSite, allow), refuses(may), url)
  }
  assert.ok(ask('https:', publicSite, '*.relay.test'))
  assert.ok(ask('https:', loopbackSite, '127.0.0.1'))
  assert.throws(() => ask('https:', loopbackSite, 'app.test'), refuses(/127\.0\.0\.1/))
})

test('assigned name: is stable for a key, another for another key, and a host name', () => {
  const name = assignName(key.keyId, 'relay.test')
  assert.match(name, /^[a-z2-7]{10}\.relay\.test$/)
  assert.equal(assignName(key.keyId, 'relay.test'), name)
  assert.notEqual(assignName(generateAgentKey().keyId, 'relay.test'), name)
  assert.match(assignName(key.keyId, 'localhost'), /^[a-z2-7]{10}\.localhost$/)
  assert.equal(assignName(key.keyId, '::1'), '::1')
  assert.equal(assignName('AAAAAAAAAAAAAAAA', 'relay.test'), 'zse3cwbnhc.relay.test')
})
