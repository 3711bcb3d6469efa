import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'

import { computePin, formatPin, matchesPin, parsePin } from './pin.ts'
import { refusal } from './refusal.test.support.ts'

// An ECDSA P-256 key by `openssl ec -pubout -outform der`, and its `openssl dgst -sha256 -binary`.
const spki = Buffer.from(
  '3059301306072a8648ce3d020106082a8648ce3d03010703420004350e62300c716ddac8290a120e46a5a6284dd714' +
    '634f21adaefcfe5910df15cc88764560c9cc0c543ae98456981b1e3825d6014bbf4a14bcba45bb302436ec85',
  'hex',
)
const pinText = 'sha256:udORmB4TMBPHaJ2IdQc7fA4t9FoUDDE8jCcyQknBXJA'

test('a pin is the SHA-256 of the public key, as openssl computes it', () => {
  assert.equal(formatPin(computePin(spki)), pinText)
  assert.deepEqual(parsePin(pinText, 'x'), computePin(spki))
})

test('a pin matches its own key alone', () => {
  const pin = parsePin(pinText, 'x')
  assert.ok(matchesPin(pin, spki))
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = publicKey.export({ format: 'der', type: 'spki' })
  assert.ok(!matchesPin(pin, other))
  assert.ok(!matchesPin(pin, spki.subarray(1)))
  assert.ok(!matchesPin(pin, Buffer.alloc(0)))
  assert.ok(matchesPin(computePin(other), other))
})

test('webpki is a pin that matches no key by itself', () => {
  const pin = parsePin('webpki', 'x')
  assert.deepEqual(pin, { kind: 'webpki' })
  assert.equal(formatPin(pin), 'webpki')
  assert.ok(!matchesPin(pin, spki))
})

test('a pin of another form is refused and not shown', () => {
  const wrong = [
    '',
    'sha256:',
    'WebPKI',
    pinText.slice(0, -1),
    `${pinText}A`,
    `${pinText}=`,
    // 43 characters have two spare bits, which must be zero.
    `${pinText.slice(0, -1)}B`,
    pinText.replace('sha256:', 'sha256/'),
    pinText.replace('sha256:', 'sha1:'),
    pinText.replace('u', '+'),
    Buffer.from(pinText.slice(7), 'base64url').toString('hex'),
  ]
  for (const text of wrong) {
    assert.equal(
      refusal('SP_JOIN_STRING', () => parsePin(text, 'SALLYPORT_JOIN')),
      'pin (SALLYPORT_JOIN); needs sha256: and 43 characters of A-Z a-z 0-9 - _, or webpki',
    )
  }
})
