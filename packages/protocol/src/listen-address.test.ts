import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatListenAddress, parseListenAddress } from './listen-address.ts'
import { refusal } from './refusal.test.support.ts'

test('an address to listen on has an empty host for every interface', () => {
  const cases = {
    '127.0.0.1:8443': { host: '127.0.0.1', port: 8443 },
    ':443': { host: '', port: 443 },
    '[::]:443': { host: '::', port: 443 },
    '[2001:DB8::1]:1': { host: '2001:db8::1', port: 1 },
    'LocalHost:0': { host: 'localhost', port: 0 },
  }
  for (const [text, address] of Object.entries(cases)) {
    assert.deepEqual(parseListenAddress(text, 'x'), address)
    assert.equal(formatListenAddress(address), text.toLowerCase())
  }
})

test('a wrong address to listen on is refused with its place and value', () => {
  const wrong = [
    '',
    '443',
    ':',
    'a:',
    '::443',
    '::1:443',
    '[::1]',
    '1.2.3:4',
    'a:65536',
    'a:-1',
    '*:1',
  ]
  for (const text of [...wrong, 'https://a:443', '[a]:1', 'a:1 ', 'a:1\n']) {
    const message = refusal('SP_USAGE', () => parseListenAddress(text, '--listen'))
    assert.ok(message.startsWith(`address to listen on (--listen): ${JSON.stringify(text)} is not`))
    assert.match(message, /needs HOST:PORT, /)
  }
  refusal('SP_CONFIG', () => parseListenAddress('x', 'SALLYPORT_LISTEN', 'SP_CONFIG'))
})
