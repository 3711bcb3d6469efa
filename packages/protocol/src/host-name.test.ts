import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isHost, isHostName } from './host-name.ts'

test('host names are those of RFC 1123', () => {
  const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
  assert.equal(longest.length, 253)
  for (const name of ['a', 'localhost', '3com.com', 'a--b.x1', 'xn--bcher-kva.example', longest]) {
    assert.ok(isHostName(name) && isHost(name), name)
  }
  const dots = ['', '.', 'a.', '.a', 'a..b', `${longest}d`, `${'a'.repeat(64)}.b`]
  const chars = [
    '-a',
    'a-',
    'a.-b',
    'A',
    'a_b',
    'a b',
    '*.a',
    'bücher.example',
    'a:1',
    'a/b',
    'a\n',
  ]
  for (const name of [...dots, ...chars]) assert.ok(!isHostName(name) && !isHost(name), name)
})

test('a name whose last label is a number is no name, an address is a host', () => {
  for (const text of ['1', '1.2.3', '1.2.3.256', 'a.1', '0x7f.1', '127.1']) {
    assert.ok(!isHostName(text) && !isHost(text), text)
  }
  for (const text of ['1.2.3.4', '::1', '2001:db8::1']) {
    assert.ok(!isHostName(text) && isHost(text), text)
  }
})
