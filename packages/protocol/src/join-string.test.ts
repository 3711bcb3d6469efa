import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { generateAgentKey } from './agent-key.ts'
import { SallyportError } from './errors.ts'
import { formatJoinString, parseJoinString } from './join-string.ts'
import { computePin } from './pin.ts'
import { refusal } from './refusal.test.support.ts'

const key = generateAgentKey()
const token = key.token.reveal()
const pin = computePin(Buffer.from('a public key'))
const good = formatJoinString({ host: 'relay.example.com', port: 8443, pin, key }).reveal()

test('a join string comes back as it was formatted', () => {
  for (const host of ['relay.example.com', 'localhost', '203.0.113.7', '::1', '2001:db8::1']) {
    for (const somePin of [pin, { kind: 'webpki' } as const]) {
      const text = formatJoinString({ host, port: 443, pin: somePin, key }).reveal()
      const join = parseJoinString(text, 'x')
      assert.deepEqual([join.host, join.port, join.pin], [host, 443, somePin])
      assert.equal(join.key.token.reveal(), token)
      assert.deepEqual(join.key.publicKey, key.publicKey)
      assert.equal(formatJoinString(join).reveal(), text)
    }
  }
  assert.match(good, /^sallyport:\/\/sp1_[\w-]{48}@relay\.example\.com:8443\?pin=sha256:[\w-]{43}$/)
  assert.match(
    formatJoinString({ host: '::1', port: 1, pin, key }).reveal(),
    /@\[::1\]:1\?pin=sha256/,
  )
})

test('a join string may stand in a file with a line end, and its host in any case', () => {
  assert.equal(parseJoinString(`  ${good}\r\n`, 'x').port, 8443)
  assert.equal(parseJoinString(good.replace('relay.ex', 'Relay.EX'), 'x').host, 'relay.example.com')
})

test('each wrong part of a join string is named, and none is shown', () => {
  const address = '@relay.example.com:8443'
  const cases: [text: string, names: string][] = [
    ['', 'it is empty'],
    ['\n', 'it is empty'],
    [token, 'at its beginning'],
    [good.replace('sallyport:', 'https:'), 'at its beginning'],
    [`sallyport://${token}`, 'the form'],
    [good.replace(address, ''), 'the form'],
    [good.replace('?pin=', '#pin='), 'the form'],
    [`${good}?x=1`, 'the form'],
    [`${good}\n${good}`, 'the form'],
    [good.replace(token, ''), 'agent token'],
    [good.replace(token, token.slice(1)), 'agent token'],
    [good.replace(token, `${token.slice(0, -2)}__`), 'agent token'],
    [good.replace(token, 'relay.example.com').replace(address, `@${token}:1`), 'agent token'],
    [good.replace(address, '@relay.example.com'), 'address'],
    [good.replace(address, '@::1:443'), 'address'],
    [good.replace(address, `@${token}`), 'address'],
    [good.replace(address, '@:443'), 'host'],
    [good.replace(address, '@relay_1:443'), 'host'],
    [good.replace(address, '@1.2.3.256:443'), 'host'],
    [good.replace(address, '@[::g]:443'), 'host'],
    [good.replace(address, '@relay.example.com:0'), 'port'],
    [good.replace(address, '@relay.example.com:65536'), 'port'],
    [good.replace(address, '@relay.example.com:x'), 'port'],
    [good.replace(address, '@relay.example.com:8443/'), 'port'],
    [good.replace('?pin=', '?pins='), 'end'],
    [good.replace(/\?.*/, '?'), 'end'],
    [good.replace(/pin=.*/, 'pin='), 'pin'],
    [`${good}&x=1`, 'pin'],
    [good.replace(/pin=.*/, `pin=${token}`), 'pin'],
  ]
  for (const [text, names] of cases) {
    const message = refusal('SP_JOIN_STRING', () => parseJoinString(text, 'SALLYPORT_JOIN'))
    assert.ok(message.includes('(SALLYPORT_JOIN)') && message.includes(names), message)
    assert.ok(!message.includes('relay') && !showsToken(message), message)
  }
})

test('a join string damaged anywhere is read whole or refused without showing it', () => {
  const at = fc.nat({ max: good.length })
  const unit = fc.constantFrom(...'aZ0-_@:/?#&=%[]. \n\0é\u2028\ud800')
  const insertion = fc.string({ unit, maxLength: 6 })
  fc.assert(
    fc.property(at, at, insertion, (from, to, insert) => {
      const text = good.slice(0, Math.min(from, to)) + insert + good.slice(Math.max(from, to))
      try {
        parseJoinString(text, 'x')
      } catch (error) {
        assert.ok(error instanceof SallyportError && error.code === 'SP_JOIN_STRING')
        assert.ok(!showsToken(`${error.stack} ${String(error.cause)}`), error.message)
      }
    }),
    { numRuns: 1000 },
  )
})

/** True when any 6 characters in a row of the token's secret part are in the text. */
function showsToken(text: string): boolean {
  const secret = token.slice('sp1_'.length)
  return [...secret].some(
    (_, at) => at <= secret.length - 6 && text.includes(secret.slice(at, at + 6)),
  )
}
