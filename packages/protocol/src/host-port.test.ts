import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatHost, formatHostPort, splitHostPort } from './host-port.ts'

test('a host and a port come back as they were joined', () => {
  for (const [host, port] of [
    ['a.example', 1],
    ['', 80],
    ['1.2.3.4', 0],
    ['::1', 65_535],
    ['*', 2],
  ] as const) {
    assert.deepEqual(splitHostPort(formatHostPort(host, port)), { host, port: `${port}` })
  }
  assert.equal(formatHostPort('::1', 80), '[::1]:80')
  assert.equal(formatHost('::1'), '[::1]')
  assert.equal(formatHost('a'), 'a')
})

test('what cannot be cut in one way only is undefined', () => {
  for (const text of ['', 'a', '::1', '::1:80', '[::1]', '[a]:80', '[]:80', '[::1]80', 'a]:80']) {
    assert.equal(splitHostPort(text), undefined, text)
  }
})
