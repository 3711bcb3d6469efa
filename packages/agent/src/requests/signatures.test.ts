// Against the examples that GitHub and Slack publish, and openssl for the rest.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '@sallyport/protocol'
import { type Signer, signAnew, signerOf } from './signatures.ts'

type Fields = readonly (readonly [string, string])[]

function sign(signer: Signer, fields: Fields, body: string, secret: string, seconds = 0): Fields {
  const message = { fields, body: Buffer.from(body) }
  assert.equal(signerOf(message), signer)
  return signAnew(message, signer, new Secret(secret), seconds * 1_000 + 999)
}

test('signatures: GitHub, as in its documentation', () => {
  const fields: Fields = [
    ['Content-Type', 'application/json'],
    ['X-Hub-Signature-256', 'sha256=old'],
    ['X-Hub-Signature', 'sha1=old'],
  ]
  assert.deepEqual(sign('github', fields, 'Hello, World!', "It's a Secret to Everybody"), [
    ['Content-Type', 'application/json'],
    [
      'X-Hub-Signature-256',
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    ],
    ['X-Hub-Signature', 'sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59'],
  ])
})

test('signatures: Slack, as in its documentation', () => {
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
    '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
    '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554' +
    '%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
  const fields: Fields = [
    ['X-Slack-Request-Timestamp', '1'],
    ['X-Slack-Signature', 'v0=old'],
  ]
  assert.deepEqual(sign('slack', fields, body, '8f742231b10e8888abcd99yyyzzz85a5', 1_531_420_618), [
    ['X-Slack-Request-Timestamp', '1531420618'],
    ['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
  ])
})

test('signatures: Stripe, as openssl has it', () => {
  const fields: Fields = [['stripe-signature', 't=1,v1=old,v0=older']]
  assert.deepEqual(sign('stripe', fields, '{"id":"evt_1"}', 'whsec_test_secret', 1_492_774_577), [
    [
      'stripe-signature',
      't=1492774577,v1=799c4ba7bb339f3c8601adfd112f0e477c930a268be1243d341abb8286501c2f',
    ],
  ])
})

test('signatures: what was not signed stays so', () => {
  assert.equal(signerOf({ fields: [['X-Signature', 'x']] }), undefined)
  const [only] = sign('github', [['x-hub-signature-256', 'old']], '', 's')
  assert.equal(only?.[0], 'x-hub-signature-256')
})
