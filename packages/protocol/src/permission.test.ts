import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isPermitted, parsePermissions } from './permission.ts'
import { refusal } from './refusal.test.support.ts'
import { parseRouteUrl } from './route-url.ts'

function permitted(permissions: string, url: string, pool?: string): boolean {
  return isPermitted(parsePermissions(permissions, '--allow'), parseRouteUrl(url, '--url'), pool)
}

test('permissions are read from a list', () => {
  const text = 'app.example.com, *.Dev.example.com,tcp:2222,tcp:2000-2100,pool:blue,*,203.0.113.7'
  assert.deepEqual(parsePermissions(text, '--allow'), [
    { kind: 'name', name: 'app.example.com' },
    { kind: 'wildcard', parent: 'dev.example.com' },
    { kind: 'tcp', ports: { first: 2222, last: 2222 } },
    { kind: 'tcp', ports: { first: 2000, last: 2100 } },
    { kind: 'pool', pool: 'blue' },
    { kind: 'all' },
    { kind: 'name', name: '203.0.113.7' },
  ])
})

test('a name permits itself, in each kind and at each port, and nothing else', () => {
  for (const url of ['https://a.x', 'tls://a.x', 'passthrough://a.x', 'https://a.x:8443']) {
    assert.ok(permitted('a.x', url))
  }
  for (const url of ['https://b.x', 'https://x', 'https://b.a.x', 'https://a.x.y', 'tcp://:80']) {
    assert.ok(!permitted('a.x', url), url)
  }
})

test('a wildcard permits exactly one label in its place', () => {
  assert.ok(permitted('*.dev.x', 'https://a.dev.x'))
  for (const name of ['dev.x', 'a.b.dev.x', 'adev.x', 'a.dev.x.y', 'a.dev']) {
    assert.ok(!permitted('*.dev.x', `https://${name}`), name)
  }
})

test('ports permit themselves, whatever the bind address; port 0 asks for any', () => {
  assert.ok(permitted('tcp:2222', 'tcp://:2222'))
  assert.ok(permitted('tcp:2222', 'tcp://localhost:2222'))
  assert.ok(!permitted('tcp:2222', 'tcp://:2223'))
  assert.ok(permitted('tcp:10-12', 'tcp://:10') && permitted('tcp:10-12', 'tcp://:12'))
  assert.ok(!permitted('tcp:10-12', 'tcp://:9') && !permitted('tcp:10-12', 'tcp://:13'))
  assert.ok(permitted('tcp:10-12', 'tcp://:0'))
  assert.ok(!permitted('a.x,pool:blue', 'tcp://:0'))
})

test('a pool needs its own permission besides the route’s', () => {
  assert.ok(permitted('a.x,pool:blue', 'https://a.x', 'blue'))
  assert.ok(!permitted('a.x', 'https://a.x', 'blue'))
  assert.ok(!permitted('a.x,pool:blue', 'https://a.x', 'green'))
  assert.ok(!permitted('a.x,pool:blue', 'https://a.x', 'Blue'))
  assert.ok(!permitted('pool:blue', 'https://a.x', 'blue'))
  assert.ok(!permitted('pool:blue', 'https://a.x'))
})

test('an asterisk permits everything, and alone a name that is not chosen yet', () => {
  for (const url of ['https:', 'https://a.x', 'tcp://:1', 'tcp://:0', 'passthrough://b.y:1']) {
    assert.ok(permitted('*', url) && permitted('*', url, 'blue'))
  }
  assert.ok(!permitted('a.x,*.x,tcp:1-65535', 'https:'))
})

test('a wrong permission is refused with its place and value', () => {
  const names = [
    '',
    'a..b',
    '*',
    '*.',
    '*a.x',
    'a.*.x',
    '*.*.x',
    '*.1.2.3.4',
    'https://a.x',
    'a.x:80',
  ]
  const others = ['tcp:', 'tcp:0', 'tcp:9-8', 'tcp:*', 'pool:', 'pool:a b', 'udp:53', 'a.x b.x']
  for (const text of [...names.filter((name) => name !== '*'), ...others]) {
    const message = refusal('SP_USAGE', () => parsePermissions(`ok.x,${text}`, '--allow'))
    assert.match(
      message,
      /^(permission|port range|pool name) \(--allow\): ".*" is not valid; needs/,
    )
  }
  refusal('SP_STATE', () => parsePermissions('', 'agents.json', 'SP_STATE'))
})
