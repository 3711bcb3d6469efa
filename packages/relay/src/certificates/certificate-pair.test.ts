import assert from 'node:assert/strict'
import test from 'node:test'
import { isSallyportError } from '@sallyport/protocol'
import { createAuthority } from '../../../../test/support/authority.ts'
import { covers, parsePair } from './certificate-pair.ts'
import { CertificateStore } from './certificate-store.ts'

const authority = createAuthority()
const parse = (key: string, chain: string, source: 'files' | 'acme' | 'self-signed' = 'files') =>
  parsePair({ source, key, chain, keyPlace: 'KEY', chainPlace: 'CERT' })
const pairOf = (
  names: readonly string[],
  more: { days?: number; source?: 'files' | 'acme' } = {},
) => {
  const { key, chain } = authority.issue({ names, days: more.days ?? 90 })
  return parse(key, chain, more.source)
}

test('certificate pair: names, dates and no warning for what an authority issues', () => {
  const pair = pairOf(['a.test', '*.b.test', 'IP:192.0.2.1', 'IP:2001:db8::7'])
  assert.deepEqual(pair.names, ['a.test', '*.b.test', '192.0.2.1', '2001:db8:0:0:0:0:0:7'])
  assert.deepEqual(pair.warnings, [])
  for (const name of ['a.test', 'x.b.test', '192.0.2.1', '2001:db8::7']) {
    assert.ok(covers(pair, name), name)
  }
  for (const name of ['b.test', 'x.y.b.test', '192.0.2.2', 'c.test']) {
    assert.ok(!covers(pair, name), name)
  }
  assert.equal(Math.round((pair.validToMs - pair.validFromMs) / 86_400_000), 90)
})

test('certificate pair: RSA and a bare common name are taken, with warnings', () => {
  const { key, chain } = authority.issue({ commonName: 'tunnel.example.com', rsa: true })
  const pair = parse(key, chain)
  assert.deepEqual(pair.names, ['tunnel.example.com'])
  assert.ok(covers(pair, 'tunnel.example.com'))
  assert.match(pair.warnings.join('\n'), /RSA with 2048 bits[^]*no alternative names/)
})

test('certificate pair: the chain is put in order, and what misses is told', () => {
  const { key, leaf, chain } = authority.issue({ names: ['a.test'] })
  const reordered = parse(key, authority.root + authority.intermediate + leaf)
  assert.equal(reordered.pem.cert, leaf + authority.intermediate + authority.root)
  assert.match(reordered.warnings.join('\n'), /not in order/)
  assert.match(parse(key, leaf).warnings.join('\n'), /authority are missing/)
  const other = authority.issue({ names: ['b.test'] })
  assert.match(
    parse(key, chain + other.leaf).warnings.join('\n'),
    /1 certificates .*not of its chain/,
  )
})

test('certificate pair: what visitors could not use is refused, and no key is shown', () => {
  const { key, chain } = authority.issue({ names: ['a.test'] })
  const other = authority.issue({ names: ['b.test'] })
  for (const [keyText, chainText, why] of [
    ['x', chain, /private key \(KEY\); needs .*without a passphrase/],
    [key, 'x', /certificate \(CERT\); needs 1 to 16 certificates in PEM, not 0/],
    [key, chain.repeat(9), /not 18/],
    [other.key, chain, /certificate \(CERT\); needs to be of the key in KEY/],
    [key, chain.replace(/M/, 'N'), /one of them is damaged|to be of the key/],
  ] as const) {
    assert.throws(
      () => parse(keyText, chainText),
      (error) => {
        assert.ok(isSallyportError(error) && error.code === 'SP_CONFIG')
        assert.match(error.message, why)
        return !error.message.includes('PRIVATE')
      },
    )
  }
})

test('certificate store: the one that covers the name and is valid; files before ACME before ours', () => {
  const [files, acme, fallback] = [
    pairOf(['a.test']),
    pairOf(['a.test', 'b.test'], { source: 'acme' }),
    pairOf(['*.c.test']),
  ]
  let nowMs = Date.now() + 1_000
  const store = new CertificateStore({
    host: 'b.test',
    now: () => nowMs,
    fallback: { ...fallback, source: 'self-signed' },
  })
  assert.equal(store.pairOf('a.test').leaf, fallback.leaf)
  store.replace('acme', [acme])
  let told = 0
  store.onChange(() => (told += 1))
  assert.equal(store.pairOf('a.test'), acme)
  assert.equal(store.pairOf(undefined), acme)
  store.replace('files', [files])
  assert.equal(told, 1)
  assert.equal(store.pairOf('a.test'), files)
  assert.equal(store.pairOf('b.test'), acme)
  assert.equal(store.pairOf('x.c.test').leaf, fallback.leaf)
  // A name that nobody covers: what a person put there says more than ours.
  assert.equal(store.pairOf('x.y.test'), files)
  store.replace('files', [{ ...files, validToMs: nowMs + 1 }])
  assert.equal(store.pairOf('a.test').source, 'files')
  nowMs += 1
  store.refresh()
  assert.equal(store.pairOf('a.test'), acme)
})

test('certificate store: remembers a bounded number of names', () => {
  const fallback = pairOf(['*.c.test'])
  let asked = 0
  const counted = {
    ...fallback,
    leaf: new Proxy(fallback.leaf, {
      get(target, key) {
        if (key === 'checkHost') asked += 1
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    }),
  }
  const store = new CertificateStore({ host: 'a.test', now: Date.now, fallback: counted })
  for (let index = 0; index < 4_097; index += 1) store.pairOf(`n${index}.c.test`)
  assert.equal(asked, 4_097)
  store.pairOf('n4096.c.test')
  assert.equal(asked, 4_097)
  store.pairOf('n0.c.test')
  assert.equal(asked, 4_098)
})
