import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'

import fc from 'fast-check'

import {
  AgentKey,
  agentProof,
  exporterBytes,
  exporterLabel,
  formatAuthorization,
  generateAgentKey,
  keyIdOf,
  parseAuthorization,
  parseToken,
  verifySignature,
} from './agent-key.ts'
import { refusal } from './refusal.test.support.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

// RFC 8032 §7.1, TEST 1 and TEST 2.
const vectors = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    data: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    data: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
]

function exactly(bytes: number): { minLength: number; maxLength: number } {
  return { minLength: bytes, maxLength: bytes }
}

test('an agent key signs as RFC 8032 says, also after its token was printed and read', () => {
  for (const vector of vectors) {
    const made = new AgentKey(Buffer.from(vector.seed, 'hex'))
    for (const key of [made, parseToken(made.token.reveal())]) {
      assert.equal(key.publicKey.toString('hex'), vector.publicKey)
      const data = Buffer.from(vector.data, 'hex')
      assert.equal(key.sign(data).toString('hex'), vector.signature)
      assert.ok(verifySignature(key.publicKey, data, Buffer.from(vector.signature, 'hex')))
    }
  }
})

test('a token has one form, worked out by hand for the first key of RFC 8032', () => {
  // SHA-256 of the seed begins with 644d50ab64864c20… (openssl dgst -sha256).
  const key = new AgentKey(Buffer.from(vectors[0]?.seed ?? '', 'hex'))
  const bytes = Buffer.from(`${vectors[0]?.seed}644d50ab`, 'hex')
  assert.equal(key.token.reveal(), `sp1_${bytes.toString('base64url')}`)
  assert.equal(key.token.reveal().length, 52)
  // SHA-256 of the public key begins with 21fe31dfa154a261626bf854… (likewise).
  assert.equal(key.keyId, Buffer.from('21fe31dfa154a261626bf854', 'hex').toString('base64url'))
  assert.equal(key.keyId, keyIdOf(key.publicKey))
})

test('generated keys differ', () => {
  const ids = new Set(Array.from({ length: 20 }, () => generateAgentKey().keyId))
  assert.equal(ids.size, 20)
})

test('a token with any one character changed is refused, and not shown', () => {
  const token = generateAgentKey().token.reveal()
  for (let at = 0; at < token.length; at++) {
    for (const char of [...alphabet, '+', '/', '=', ' ', '.']) {
      if (char === token[at]) continue
      const typo = token.slice(0, at) + char + token.slice(at + 1)
      const message = refusal('SP_JOIN_STRING', () => parseToken(typo, 'SALLYPORT_JOIN'))
      assert.ok(!message.includes(token.slice(8, 16)) && !message.includes(token.slice(40)))
      assert.ok(message.startsWith('agent token (SALLYPORT_JOIN); needs '))
    }
  }
})

test('a token with characters missing, added or swapped is refused', () => {
  const token = generateAgentKey().token.reveal()
  const wrong = [
    '',
    'sp1_',
    token.slice(0, -1),
    token.slice(1),
    `${token}A`,
    `${token}=`,
    ` ${token}`,
    `${token}\n`,
    token.toUpperCase(),
    token.replace('sp1_', 'sp2_'),
    token.slice('sp1_'.length),
  ]
  for (const text of wrong) refusal('SP_JOIN_STRING', () => parseToken(text))
  const body = token.slice(4)
  const at = [...body].findIndex((char, index) => index > 0 && char !== body[index - 1])
  const swapped = `${body.slice(0, at - 1)}${body[at]}${body[at - 1]}${body.slice(at + 1)}`
  assert.match(
    refusal('SP_JOIN_STRING', () => parseToken(`sp1_${swapped}`)),
    /checksum/,
  )
})

test('a signature is refused for another key, other data, or any bit changed', () => {
  const key = generateAgentKey()
  const other = generateAgentKey()
  const exporter = randomBytes(exporterBytes)
  const data = agentProof(exporter)
  const signature = key.sign(data)
  assert.ok(verifySignature(key.publicKey, data, signature))
  assert.ok(!verifySignature(other.publicKey, data, signature), 'swapped key')
  assert.ok(!verifySignature(key.publicKey, data, other.sign(data)), 'signed by another')
  assert.ok(!verifySignature(key.publicKey, agentProof(randomBytes(32)), signature), 'replayed')
  assert.ok(!verifySignature(key.publicKey, exporter, signature), 'without the words')
  for (let bit = 0; bit < signature.length * 8; bit++) {
    const changed = Buffer.from(signature)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.ok(!verifySignature(key.publicKey, data, changed), `bit ${bit}`)
  }
})

test('whatever is given as key and signature verifies to a boolean, for a real key to false', () => {
  const data = Buffer.from('data')
  const { publicKey } = generateAgentKey()
  // Keys of low order, which the relay never stores, do verify some zeros: no more is said of them.
  const anyKey = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array(exactly(32)))
  const anySignature = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array(exactly(64)))
  fc.assert(
    fc.property(anyKey, anySignature, (key, signature) => {
      assert.equal(typeof verifySignature(key, data, signature), 'boolean')
      assert.equal(verifySignature(publicKey, data, signature), false)
    }),
    { numRuns: 500 },
  )
})

test('an authorization header comes back as it was formatted', () => {
  const key = generateAgentKey()
  const signature = key.sign(Buffer.from('x'))
  const header = formatAuthorization(key.keyId, signature)
  assert.match(header, /^Sallyport [\w-]{16}\.[\w-]{86}$/)
  assert.deepEqual(parseAuthorization(header), { keyId: key.keyId, signature })
  assert.deepEqual(parseAuthorization(header.replace('Sally', 'sALLY'))?.keyId, key.keyId)
})

test('an authorization header of another form is undefined', () => {
  const key = generateAgentKey()
  const header = formatAuthorization(key.keyId, key.sign(Buffer.from('x')))
  const wrong = [
    undefined,
    '',
    'Sallyport',
    'Basic dTpw',
    header.replace('Sallyport', 'Bearer'),
    header.replace('.', '..'),
    header.replace('.', ' .'),
    header.slice(0, -1),
    `${header}A`,
    `${header}==`,
    `${header}\n`,
    ` ${header}`,
    `${header},${header}`,
    // The last of 86 characters has 4 spare bits: only zero ones are ours.
    `${header.slice(0, -1)}${alphabet[(alphabet.indexOf(header.at(-1) ?? '') & 0b110000) | 1]}`,
  ]
  for (const text of wrong) assert.equal(parseAuthorization(text), undefined, text)
  fc.assert(
    fc.property(fc.string(), (text) => parseAuthorization(`Sallyport ${text}`) === undefined),
  )
})

test('the secret part of a key is in no text of it', () => {
  const seed = randomBytes(32)
  const key = new AgentKey(seed)
  const token = key.token.reveal()
  const shown = [
    inspect(key, { showHidden: true, depth: Infinity }),
    inspect({ nested: { key } }, { depth: Infinity, getters: true }),
    JSON.stringify(key),
    String(key),
    String(key.token),
  ].join('\n')
  const forms = [
    token,
    token.slice(4, 20),
    seed.toString('hex'),
    seed.toString('base64').slice(0, 40),
    JSON.stringify([...seed]).slice(1, -1),
    inspect(seed).slice(8, 60),
    encodeURIComponent(seed.toString('base64')),
  ]
  for (const form of forms) assert.ok(!shown.includes(form))
  assert.ok(shown.includes(key.keyId))
})

test('the exporter label is one that RFC 5705 leaves to private use', () => {
  assert.ok(exporterLabel.startsWith('EXPERIMENTAL'))
  assert.equal(agentProof(Buffer.from([1, 2])).toString('latin1'), 'sallyport/1 agent\x01\x02')
})
