import assert from 'node:assert/strict'
import test from 'node:test'
import { isForName, isSameAuthority, parseAuthority } from './authority.ts'

test('authority: a name, an address, and a port that may be missing', () => {
  assert.deepEqual(parseAuthority('App.Example.com'), { host: 'app.example.com' })
  assert.deepEqual(parseAuthority('app.example.com.:8443'), { host: 'app.example.com', port: 8443 })
  assert.deepEqual(parseAuthority('a_b-c.d:'), { host: 'a_b-c.d' })
  assert.deepEqual(parseAuthority('192.0.2.1:1'), { host: '192.0.2.1', port: 1 })
  assert.deepEqual(parseAuthority('[2001:DB8::1]:443'), { host: '[2001:db8::1]', port: 443 })
})

const wrong = [
  '',
  ':80',
  '.',
  'a..b',
  '.a',
  'a b',
  'a,b',
  'a@b',
  'a/b',
  'a?b',
  'a#b',
  'a:0',
  'a:65536',
  'a:080000',
  'a:1:2',
  'a:-1',
  '[::1',
  '::1',
  '[::1%eth0]',
  '[1.2.3.4]',
  'ä.example',
  '\u212a.example',
  'a%41',
  'a\tb',
  'a'.repeat(255),
]
for (const text of wrong) {
  test(`authority: ${JSON.stringify(text.slice(0, 20))} is none`, () => {
    assert.equal(parseAuthority(text), undefined)
  })
}

test('authority: a missing port is the default one', () => {
  assert.equal(isSameAuthority({ host: 'a' }, { host: 'a', port: 443 }, 443), true)
  assert.equal(isSameAuthority({ host: 'a' }, { host: 'a', port: 80 }, 443), false)
  assert.equal(isSameAuthority({ host: 'a' }, { host: 'b' }, 443), false)
})

test('authority: belongs to the name that TLS asked for, whatever the port', () => {
  assert.equal(isForName({ host: 'a.example', port: 8443 }, 'A.example.'), true)
  assert.equal(isForName({ host: 'b.example' }, 'a.example'), false)
  assert.equal(isForName({ host: 'x.a.example' }, 'a.example'), false)
  assert.equal(isForName({ host: '[::1]' }, '::1'), true)
})
