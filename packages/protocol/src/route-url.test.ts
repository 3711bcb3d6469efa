import assert from 'node:assert/strict'
import { test } from 'node:test'

import { refusal } from './refusal.test.support.ts'
import { formatRouteUrl, parseBind, parseRouteUrl, type RouteUrl } from './route-url.ts'

test('a route url comes back as it was formatted', () => {
  const cases: Record<string, RouteUrl> = {
    'https:': { kind: 'https' },
    'https://app.example.com': { kind: 'https', name: 'app.example.com' },
    'https://app.example.com:8443': { kind: 'https', name: 'app.example.com', port: 8443 },
    'https://localhost': { kind: 'https', name: 'localhost' },
    'https://203.0.113.7:8443': { kind: 'https', name: '203.0.113.7', port: 8443 },
    'https://[2001:db8::1]': { kind: 'https', name: '2001:db8::1' },
    'https://[::1]:8443': { kind: 'https', name: '::1', port: 8443 },
    'tls://db.example.com:5432': { kind: 'tls', name: 'db.example.com', port: 5432 },
    'passthrough://a.example.com': { kind: 'passthrough', name: 'a.example.com' },
    'tcp://:2222': { kind: 'tcp', bind: '', port: 2222 },
    'tcp://:0': { kind: 'tcp', bind: '', port: 0 },
    'tcp://localhost:2222': { kind: 'tcp', bind: 'localhost', port: 2222 },
    'tcp://127.0.0.1:1': { kind: 'tcp', bind: '127.0.0.1', port: 1 },
    'tcp://[::1]:65535': { kind: 'tcp', bind: '::1', port: 65_535 },
  }
  for (const [text, route] of Object.entries(cases)) {
    assert.deepEqual(parseRouteUrl(text, 'x'), route, text)
    assert.equal(formatRouteUrl(route), text)
  }
})

test('case, a closing slash and ssh’s asterisk are understood', () => {
  const app = { kind: 'https', name: 'app.example.com' } as const
  assert.deepEqual(parseRouteUrl('HTTPS://App.Example.COM/', 'x'), app)
  assert.deepEqual(parseRouteUrl('https://a:8443/', 'x'), { kind: 'https', name: 'a', port: 8443 })
  assert.deepEqual(parseRouteUrl('tcp://*:1', 'x'), { kind: 'tcp', bind: '', port: 1 })
  assert.deepEqual(parseRouteUrl('TCP://LocalHost:1', 'x'), {
    kind: 'tcp',
    bind: 'localhost',
    port: 1,
  })
})

test('a wrong route url is refused with its place, its value and what would be right', () => {
  const cases: Record<string, string> = {
    '': 'https:, https://NAME',
    'app.example.com': 'https:, https://NAME',
    'http://app.example.com': 'https:, https://NAME',
    'tls:': 'https:, https://NAME',
    'passthrough:': 'https:, https://NAME',
    'https:app.example.com': 'https:, https://NAME',
    'https://': 'a whole host name',
    'https://:443': 'a whole host name',
    'https://a_b': 'a whole host name',
    'https://a..b': 'a whole host name',
    'https://*.example.com': 'a whole host name',
    'https://bücher.example': 'a whole host name',
    'https://1.2.3.256': 'a whole host name',
    'https://[::1': 'a whole host name',
    'https://::1': 'a whole host name',
    'passthrough://203.0.113.7': 'a whole host name',
    'https://a:': 'a port from 1 to 65535',
    'https://a:0': 'a port from 1 to 65535',
    'https://a:65536': 'a port from 1 to 65535',
    'https://a/path': 'nothing after it',
    'https://a//': 'nothing after it',
    'https://a?q': 'nothing after it',
    'https://a#f': 'nothing after it',
    'https://a:80/x': 'nothing after it',
    'https://a\nb': 'https:, https://NAME',
    'tcp://2222': 'tcp://:PORT or',
    'tcp://::1:2222': 'tcp://:PORT or',
    'tcp://:65536': 'a port from 1 to 65535, or 0',
    'tcp://:': 'a port from 1 to 65535, or 0',
    'tcp://:80/': 'a port from 1 to 65535, or 0',
    'tcp://relay.example.com:1': 'before the port nothing',
    'tcp://[::g]:1': 'before the port nothing',
  }
  for (const [text, right] of Object.entries(cases)) {
    const message = refusal('SP_USAGE', () => parseRouteUrl(text, '--url'))
    const start = `route url (--url): ${JSON.stringify(text)} is not valid; needs `
    assert.ok(message.startsWith(start), message)
    assert.ok(message.includes(right), `${text}: ${message}`)
  }
})

test('a password that stands in a route url is not shown', () => {
  const message = refusal('SP_USAGE', () => parseRouteUrl('https://me:hunter2@a.example', '--url'))
  assert.ok(!message.includes('hunter2'))
})

test('a bind address is nothing, an asterisk, localhost or an address', () => {
  assert.deepEqual(
    ['', '*', 'localhost', '0.0.0.0', '::', '::1', 'example.com', '1.2.3', '[::1]'].map(parseBind),
    ['', '', 'localhost', '0.0.0.0', '::', '::1', undefined, undefined, undefined],
  )
})
