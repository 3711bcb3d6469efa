import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import test from 'node:test'
import fc from 'fast-check'
import { isAdmitted, isNetwork, parseNetwork } from './network.ts'

test('network: has one written form', () => {
  for (const [text, written] of [
    ['192.0.2.7', '192.0.2.7/32'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
  ] as const) {
    assert.equal(parseNetwork(text, 'x'), written)
  }
})

for (const text of [
  '',
  '192.0.2.0/33',
  '192.0.2.1/24',
  '192.0.2.0/024',
  '192.0.2.0/',
  '192.0.2/24',
  '2001:db8::/129',
  '2001:db8::1/64',
  '192.0.2.0/24/8',
  '::ffff:192.0.2.0/120',
  'app.test',
]) {
  test(`network: ${JSON.stringify(text)} is none`, () => {
    assert.ok(!isNetwork(text))
    assert.throws(
      () => parseNetwork(text, '--allow-from'),
      /^SallyportError: network \(--allow-from\)/,
    )
  })
}

test('network: what is denied may not visit; where something is allowed, nothing else may', () => {
  const list = { allow: ['192.0.2.0/24', '2001:db8::/32'], deny: ['192.0.2.128/25'] }
  for (const [address, isIn] of [
    ['192.0.2.1', true],
    ['::ffff:192.0.2.1', true],
    ['192.0.2.200', false],
    ['198.51.100.1', false],
    ['2001:db8:ffff::1', true],
    ['2001:db9::1', false],
    ['', false],
  ] as const) {
    assert.equal(isAdmitted(list, address), isIn, address)
  }
  assert.ok(isAdmitted({ allow: [], deny: ['10.0.0.0/8'] }, '192.0.2.1'))
  assert.ok(!isAdmitted({ allow: [], deny: ['0.0.0.0/0'] }, '192.0.2.1'))
  assert.ok(isAdmitted({ allow: [], deny: ['0.0.0.0/0'] }, '::1'))
})

test('network: contains what Node says that it contains', () => {
  const clear = (value: number, bits: number): number =>
    bits === 0
      ? 0
      : Number(BigInt.asUintN(32, (BigInt(value) >> BigInt(32 - bits)) << BigInt(32 - bits)))
  const dotted = (value: number): string =>
    [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(word, fc.integer({ min: 0, max: 32 }), word, (base, bits, flip) => {
      const network = dotted(clear(base, bits))
      const nodes = new BlockList()
      nodes.addSubnet(network, bits)
      for (const address of [dotted(base), dotted(flip), dotted((base ^ (flip & 0xff)) >>> 0)]) {
        const isIn = isAdmitted({ allow: [`${network}/${bits}`], deny: [] }, address)
        assert.equal(isIn, nodes.check(address))
      }
    }),
    { numRuns: 300 },
  )
})
