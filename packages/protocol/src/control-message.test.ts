import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { type ControlMessage, parseAgentMessage, parseRelayMessage } from './control-message.ts'
import { SallyportError } from './errors.ts'
import { maxRoutesPerAgent } from './limits.ts'
import { refusal } from './refusal.test.support.ts'

const hello = {
  type: 'hello',
  version: 1,
  software: 'sallyport/0.1.0',
  process: 'AAECAwQFBgcICQoLDA0ODw',
  connection: 0,
  held: { 'https://app.example.com': 4_294_967_297, 'tcp://203.0.113.7:2222': 0 },
} as const satisfies ControlMessage
const register = {
  type: 'register',
  channelTimeoutSeconds: 100,
  routes: [
    { id: 'r0', url: 'https:' },
    { id: 'r1', url: 'tcp://:2222', pool: 'blue' },
  ],
} satisfies ControlMessage
const registered = {
  type: 'registered',
  routes: [{ id: 'r0', url: 'https://app.example.com:8443', generation: 4_294_967_298 }],
} satisfies ControlMessage
const notice = {
  type: 'notice',
  code: 'SP_ROUTE_HELD',
  message: 'another key holds https://app.example.com',
  fatal: true,
} as const satisfies ControlMessage
const draining = { type: 'draining' } as const
const health = { type: 'health', route: 'r0', alive: false } as const

/** A message with fields replaced. */
function changed(message: object, fields: object): unknown {
  return { ...message, ...fields }
}

test('each message is taken as it was sent', () => {
  for (const message of [hello, register, health, draining]) {
    assert.deepEqual(parseAgentMessage(message), message)
  }
  for (const message of [registered, notice, draining]) {
    assert.deepEqual(parseRelayMessage(message), message)
  }
})

test('fields that a later release may add are ignored', () => {
  assert.deepEqual(parseAgentMessage({ ...hello, more: { deep: 1 } }), hello)
  const route = { ...register.routes[0], weight: 2 }
  assert.deepEqual(parseAgentMessage({ ...register, routes: [route] }), {
    ...register,
    routes: [register.routes[0]],
  })
  const risky: unknown = JSON.parse('{"type":"draining","__proto__":{"x":1}}')
  assert.equal(Object.getPrototypeOf(parseAgentMessage(risky)), Object.prototype)
})

test('the messages of one side are refused from the other', () => {
  for (const message of [registered, notice]) {
    assert.equal(
      refusal('SP_PROTOCOL', () => parseAgentMessage(message)),
      `control message field type (${message.type} from the agent): "${message.type}" is not valid; needs a message type that this end takes`,
    )
  }
  for (const message of [hello, register]) {
    refusal('SP_PROTOCOL', () => parseRelayMessage(message))
  }
})

test('the hello of another version is told from a broken one', () => {
  assert.equal(
    refusal('SP_VERSION', () => parseAgentMessage({ type: 'hello', version: 2, other: true })),
    'the agent speaks version 2 of the protocol, this relay version 1',
  )
  refusal('SP_PROTOCOL', () => parseAgentMessage(changed(hello, { version: '2' })))
  refusal('SP_PROTOCOL', () => parseAgentMessage(changed(hello, { version: undefined })))
})

test('each wrong field is named with its value and what would be right', () => {
  const fields: [message: object, fields: object, names: RegExp][] = [
    [
      hello,
      { software: '' },
      /field software \(hello from the agent\): "" is not valid; needs a name/,
    ],
    [hello, { software: 'a\nb' }, /software/],
    [hello, { software: 'a'.repeat(101) }, /at most 100/],
    [hello, { process: 'AAECAwQFBgcICQoLDA0ODw==' }, /22 characters of base64url/],
    [hello, { process: 7 }, /field process .*: "7" is not/],
    [hello, { connection: 8 }, /a whole number from 0 to 7/],
    [hello, { connection: -1 }, /connection/],
    [hello, { connection: 0.5 }, /connection/],
    [hello, { held: [] }, /field held .*: "a list of 0" is not/],
    [hello, { held: null }, /field held .*: "null" is not/],
    [hello, { held: { 'https://a': -1 } }, /field held\["https:\/\/a"\] .*"-1"/],
    [hello, { held: { 'https://a': 2 ** 53 } }, /held/],
    [hello, { held: { 'a b': 1 } }, /held/],
    [hello, { held: heldUrls(maxRoutesPerAgent + 1) }, /at most 64 urls/],
    [
      register,
      { channelTimeoutSeconds: 0 },
      /"0" is not valid; needs a whole number from 1 to 1000/,
    ],
    [register, { channelTimeoutSeconds: 1001 }, /channelTimeoutSeconds/],
    [register, { channelTimeoutSeconds: 1.5 }, /channelTimeoutSeconds/],
    [register, { channelTimeoutSeconds: '100' }, /channelTimeoutSeconds/],
    [register, { routes: [] }, /field routes .*: "a list of 0" is not valid; needs 1 to 64 routes/],
    [register, { routes: manyRoutes(maxRoutesPerAgent + 1) }, /1 to 64 routes/],
    [register, { routes: [register.routes[0], register.routes[0]] }, /each id once/],
    [register, { routes: [{ url: 'https:' }] }, /field routes\[0\]\.id \(register/],
    [
      register,
      { routes: [{ id: 'r 0', url: 'https:' }] },
      /"r 0" is not valid; needs 1 to 64 of A-Z/,
    ],
    [register, { routes: [{ id: 'a'.repeat(65), url: 'https:' }] }, /id/],
    [register, { routes: [register.routes[1], { id: 'r0' }] }, /field routes\[1\]\.url/],
    [register, { routes: [{ id: 'r0', url: '' }] }, /url/],
    [register, { routes: [{ id: 'r0', url: `https://${'a'.repeat(300)}` }] }, /at most 300/],
    [register, { routes: [{ id: 'r0', url: 'https://a\u001b[2J' }] }, /url/],
    [register, { routes: [{ id: 'r0', url: 'https:', pool: 'a b' }] }, /a pool name/],
    [register, { routes: [null] }, /field routes\[0\].*"null"/],
    [register, { type: 'REGISTER' }, /field type \(from the agent\): "REGISTER"/],
    [register, { type: undefined }, /field type \(from the agent\); needs a message type/],
    [register, { type: 'toString' }, /field type \(from the agent\)/],
  ]
  for (const [message, wrong, names] of fields) {
    assert.match(
      refusal('SP_PROTOCOL', () => parseAgentMessage(changed(message, wrong))),
      names,
    )
  }
  const relayFields: [message: object, fields: object, names: RegExp][] = [
    [registered, { routes: [{ id: 'r0', url: 'https://a' }] }, /field routes\[0\]\.generation/],
    [registered, { routes: undefined }, /field routes /],
    [
      notice,
      { fatal: 'yes' },
      /field fatal \(notice from the relay\): "yes" is not .*true or false/,
    ],
    [notice, { code: 5 }, /an error code/],
    [notice, { message: {} }, /field message .*: "an object"/],
  ]
  for (const [message, wrong, names] of relayFields) {
    assert.match(
      refusal('SP_PROTOCOL', () => parseRelayMessage(changed(message, wrong))),
      names,
    )
  }
})

test('what is no message at all is refused', () => {
  for (const value of [undefined, null, 1, '', 'hello', true, [], [hello], {}, { type: {} }]) {
    refusal('SP_PROTOCOL', () => parseAgentMessage(value))
    refusal('SP_PROTOCOL', () => parseRelayMessage(value))
  }
})

test('any JSON is taken or refused with SP_PROTOCOL or SP_VERSION', () => {
  const type = fc.constantFrom('hello', 'register', 'registered', 'notice', 'draining', 'x')
  const keys = fc.constantFrom(...Object.keys({ ...hello, ...register, ...notice }))
  const value = fc
    .record({ type })
    .chain((known) =>
      fc.dictionary(keys, fc.jsonValue()).map((fields) => ({ ...fields, ...known })),
    )
  fc.assert(
    fc.property(fc.oneof(value, fc.jsonValue()), (message) => {
      for (const parse of [parseAgentMessage, parseRelayMessage]) {
        try {
          parse(message)
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error))
          assert.ok(['SP_PROTOCOL', 'SP_VERSION'].includes(error.code))
          assert.ok(!/[\p{Cc}\u2028]/u.test(error.message))
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('a notice of a later release counts as a lost session', () => {
  for (const code of ['SP_OF_TOMORROW', 'constructor', '']) {
    assert.deepEqual(parseRelayMessage({ ...notice, code }), { ...notice, code: 'SP_SESSION_LOST' })
  }
})

test('the text of a notice cannot act on a terminal', () => {
  const message = `a\u001b[2Jb\r\nc\u202ed\u200be\u2028f\ud83d${'x'.repeat(2000)}`
  const parsed = parseRelayMessage({ ...notice, message })
  assert.ok(parsed.type === 'notice')
  assert.ok(parsed.message.startsWith('a [2Jb c d e f\ufffdxxx'))
  assert.equal(parsed.message.length, 1000)
  assert.ok(parsed.message.isWellFormed())
})

function heldUrls(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`https://a${at}`, 1]))
}

function manyRoutes(count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({ id: `r${at}`, url: 'https:' }))
}
