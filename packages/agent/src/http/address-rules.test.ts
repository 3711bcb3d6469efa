import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { AddressSet, isAllowed } from './address-rules.ts'

test('addresses: single ones and blocks, of both versions', () => {
  const set = new AddressSet(['192.0.2.7', ' 10.0.0.0/8', '2001:db8::/32', '::1/128'], 'test')
  for (const inside of ['192.0.2.7', '10.255.1.2', '2001:db8:1::2', '::1', '::ffff:10.1.1.1']) {
    assert.equal(set.has(inside), true, inside)
  }
  for (const outside of ['192.0.2.8', '11.0.0.1', '2001:db9::1', '::2', 'unknown', '']) {
    assert.equal(set.has(outside), false, outside)
  }
})

test('addresses: a block of everything is everything of its version', () => {
  const set = new AddressSet(['0.0.0.0/0'], 'test')
  assert.equal(set.has('203.0.113.7'), true)
  assert.equal(set.has('2001:db8::1'), false)
})

for (const entry of [
  '',
  'example.com',
  '10.0.0.0/33',
  '::/129',
  '10.0.0/8',
  '10.0.0.0/',
  '1.2.3.4/-1',
]) {
  test(`addresses: ${JSON.stringify(entry)} is refused`, () => {
    assert.throws(
      () => new AddressSet([entry], '--allow-from'),
      (error) =>
        error instanceof SallyportError &&
        error.code === 'SP_CONFIG' &&
        error.message.includes('--allow-from'),
    )
  })
}

test('addresses: denied wins over allowed, and what cannot be read is nobody’s friend', () => {
  const allow = new AddressSet(['10.0.0.0/8'], 'test')
  const deny = new AddressSet(['10.6.0.0/16'], 'test')
  assert.equal(isAllowed({ allow, deny }, '10.1.1.1'), true)
  assert.equal(isAllowed({ allow, deny }, '10.6.1.1'), false)
  assert.equal(isAllowed({ allow }, '192.0.2.1'), false)
  assert.equal(isAllowed({ deny }, '192.0.2.1'), true)
  assert.equal(isAllowed({ allow }, 'unknown'), false)
  assert.equal(isAllowed({ deny }, 'unknown'), false)
  assert.equal(isAllowed({}, 'unknown'), true)
})
