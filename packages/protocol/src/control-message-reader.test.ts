import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import {
  type AgentMessage,
  type ControlMessage,
  parseAgentMessage,
  parseRelayMessage,
  type RelayMessage,
} from './control-message.ts'
import { ControlMessageReader, encodeControlMessage } from './control-message-reader.ts'
import { maxControlMessageBytes, maxRoutesPerAgent, maxRouteUrlChars } from './limits.ts'
import { cutSizes, everySplit, reCut } from './re-cut.test.support.ts'
import { refusal } from './refusal.test.support.ts'

const agentMessages: AgentMessage[] = [
  {
    type: 'hello',
    version: 1,
    software: 'sallyport/0.1.0',
    process: 'AAECAwQFBgcICQoLDA0ODw',
    connection: 7,
    held: { 'https://app.example.com': 4_294_967_297 },
  },
  { type: 'register', channelTimeoutSeconds: 1, routes: [{ id: 'r0', url: 'https:' }] },
  { type: 'draining' },
]
const relayMessages: RelayMessage[] = [
  { type: 'registered', routes: [{ id: 'r0', url: 'https://a', generation: 1 }] },
  { type: 'notice', code: 'SP_DRAINING', message: 'the relay restarts – bis später', fatal: false },
  { type: 'draining' },
]
const agentBytes = Buffer.concat(agentMessages.map(encodeControlMessage))
const relayBytes = Buffer.concat(relayMessages.map(encodeControlMessage))

function framed(body: string | Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(body))
  return Buffer.concat([length, Buffer.from(body)])
}

test('a message is a big-endian length and JSON', () => {
  assert.equal(
    encodeControlMessage({ type: 'draining' }).toString('hex'),
    // 0x13 = 19 bytes: {"type":"draining"}
    '000000137b2274797065223a22647261696e696e67227d',
  )
})

test('messages come whole, whatever the cut', () => {
  for (const [first, second] of everySplit(agentBytes)) {
    const reader = new ControlMessageReader(parseAgentMessage)
    assert.deepEqual([...reader.push(first), ...reader.push(second)], agentMessages)
    assert.ok(reader.isEmpty)
  }
  const reader = new ControlMessageReader(parseRelayMessage)
  assert.deepEqual(
    reCut(relayBytes, [1]).flatMap((byte) => reader.push(byte)),
    relayMessages,
  )
  fc.assert(
    fc.property(cutSizes(200), (sizes) => {
      const again = new ControlMessageReader(parseRelayMessage)
      const messages = reCut(relayBytes, sizes).flatMap((piece) => again.push(piece))
      assert.deepEqual(messages, relayMessages)
    }),
  )
})

test('a chunk may be overwritten after it was pushed', () => {
  const reader = new ControlMessageReader(parseAgentMessage)
  const shared = Buffer.alloc(16)
  const messages: AgentMessage[] = []
  for (const piece of reCut(agentBytes, [16])) {
    piece.copy(shared)
    messages.push(...reader.push(shared.subarray(0, piece.length)))
    shared.fill(0xff)
  }
  assert.deepEqual(messages, agentMessages)
})

test('the reader is empty only between messages', () => {
  const reader = new ControlMessageReader(parseAgentMessage)
  const one = encodeControlMessage({ type: 'draining' })
  for (const [at, byte] of reCut(one, [1]).entries()) {
    assert.equal(reader.isEmpty, at === 0)
    reader.push(byte)
  }
  assert.ok(reader.isEmpty)
})

test('a hostile length is refused with its last byte, before any of the body', () => {
  for (const length of [0, 1, maxControlMessageBytes + 1, 0x4000_0000, 0xffff_ffff]) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    const reader = new ControlMessageReader(parseAgentMessage)
    assert.deepEqual(reader.push(bytes.subarray(0, 3)), [])
    assert.equal(
      refusal('SP_PROTOCOL', () => reader.push(bytes.subarray(3))),
      `message length (control stream): "${length}" is not valid; needs 2 to 65536 bytes`,
    )
  }
})

test('a body that is not JSON in UTF-8 is refused and not quoted', () => {
  const notUtf8 = Buffer.from('{"type":"draining","x":"?"}')
  notUtf8[notUtf8.indexOf('?')] = 0xff
  for (const body of ['{}x', '{"type":', 'secret words', '\u0000\u0000', notUtf8]) {
    const message = refusal('SP_PROTOCOL', () =>
      new ControlMessageReader(parseAgentMessage).push(framed(body)),
    )
    assert.match(message, /^message of \d+ bytes \(control stream\); needs JSON in UTF-8$/)
  }
})

test('the deepest nesting and the most keys that fit are refused at once', () => {
  const half = maxControlMessageBytes / 2
  const fields = Array.from({ length: 6_000 }, (_, at) => `"k${at}":0`).join()
  const bodies = [
    '['.repeat(half) + ']'.repeat(half),
    `{"type":"hello","version":1,"held":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    `{"type":"hello","version":1,"held":{${fields}}}`,
    `{"type":"register","routes":[${'0,'.repeat(30_000)}0]}`,
  ]
  for (const body of bodies) {
    const started = performance.now()
    const reader = new ControlMessageReader(parseAgentMessage)
    refusal('SP_PROTOCOL', () => reader.push(framed(body)))
    assert.ok(performance.now() - started < 1_000)
  }
})

test('damaged bytes never give anything but SP_PROTOCOL or SP_VERSION', () => {
  const at = fc.nat({ max: agentBytes.length - 1 })
  fc.assert(
    fc.property(fc.array(fc.tuple(at, fc.nat({ max: 255 })), { maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(agentBytes)
      for (const [index, byte] of changes) bytes[index] = byte
      try {
        new ControlMessageReader(parseAgentMessage).push(bytes)
      } catch (error) {
        assert.match(
          (error as { code?: string }).code ?? '',
          /^SP_(PROTOCOL|VERSION)$/,
          String(error),
        )
      }
    }),
    { numRuns: 1000 },
  )
})

test('the largest messages of ours fit', () => {
  const name = 'a'.repeat(maxRouteUrlChars - 'https://'.length - 2)
  const urls = Array.from({ length: maxRoutesPerAgent }, (_, at) => `https://${at + 10}${name}`)
  const messages: ControlMessage[] = [
    {
      type: 'hello',
      version: 1,
      software: 'x'.repeat(100),
      process: 'A'.repeat(22),
      connection: 7,
      held: Object.fromEntries(urls.map((url) => [url, Number.MAX_SAFE_INTEGER])),
    },
    {
      type: 'register',
      channelTimeoutSeconds: 1000,
      routes: urls.map((url, at) => ({
        id: `${at + 10}`.padStart(64, 'r'),
        url,
        pool: 'p'.repeat(63),
      })),
    },
  ]
  for (const message of messages) {
    const bytes = encodeControlMessage(message)
    assert.deepEqual(new ControlMessageReader(parseAgentMessage).push(bytes), [message])
    assert.ok(bytes.length < maxControlMessageBytes / 2)
  }
})

test('a message that the other end would refuse is not sent', () => {
  const wrong: ControlMessage = { type: 'register', channelTimeoutSeconds: 0, routes: [] }
  assert.match(
    refusal('SP_INTERNAL', () => encodeControlMessage(wrong)),
    /^would send a wrong message: control message field channelTimeoutSeconds/,
  )
})
