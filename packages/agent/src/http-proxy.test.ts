import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { chooseHttpProxy, parseHttpProxy } from './http-proxy.ts'

const relay = { host: 'relay.example.com', port: 443 }

function choose(variables: Readonly<Record<string, string>>, to = relay) {
  return chooseHttpProxy(to, (name) => {
    const text = variables[name]
    return text === undefined ? undefined : { text, where: name, code: 'SP_CONFIG' }
  })
}

test('HTTP proxy: is read from either variable, the lower-case one first, credentials decoded', () => {
  assert.equal(choose({}), undefined)
  assert.deepEqual(choose({ HTTPS_PROXY: 'http://p:3128' }), {
    host: 'p',
    port: 3128,
    credentials: undefined,
  })
  const proxy = choose({ https_proxy: 'http://us%40er:p%3Aw@[::1]', HTTPS_PROXY: 'http://other:1' })
  assert.equal(proxy?.host, '::1')
  assert.equal(proxy.port, 80)
  assert.equal(proxy.credentials?.reveal(), 'us@er:p:w')
  assert.ok(!inspect(proxy, { depth: 9 }).includes('p:w'))
  assert.equal(choose({ https_proxy: 'p:8080' })?.port, 8080)
})

test('HTTP proxy: a wrong url is refused and not shown', () => {
  for (const text of [
    'https://hush@p:1',
    'socks5://hush@p',
    'http://hush@p:0',
    'http://hush@p/x',
    'http://hu%sh@p',
  ]) {
    assert.throws(
      () => parseHttpProxy(text, 'HTTPS_PROXY', 'SP_CONFIG'),
      (error: Error) =>
        error.message.startsWith('HTTP proxy (HTTPS_PROXY)') && !/hu/.test(error.message),
      text,
    )
  }
})

test('HTTP proxy: whom no_proxy names is reached without', () => {
  const without = (list: string, to = relay) =>
    choose({ https_proxy: 'http://p:1', NO_PROXY: list }, to) === undefined
  for (const list of [
    '*',
    'relay.example.com',
    'a.test, example.com',
    '.example.com',
    '*.example.com',
    'RELAY.example.COM:443',
    'x relay.example.com',
  ]) {
    assert.ok(without(list), list)
  }
  for (const list of [
    '',
    ',',
    'ample.com',
    'relay.example.com:8443',
    'y.relay.example.com',
    'com.',
  ]) {
    assert.ok(!without(list), list)
  }
  assert.ok(without('127.0.0.1', { host: '127.0.0.1', port: 1 }))
  assert.ok(without('::1', { host: '::1', port: 1 }))
  assert.ok(without('[::1]:7', { host: '::1', port: 7 }))
  assert.ok(!without('0.0.1', { host: '127.10.0.1', port: 1 }))
})
