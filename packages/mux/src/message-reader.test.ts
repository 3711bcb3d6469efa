import assert from 'node:assert/strict'
import test from 'node:test'
import { maxMessageBytes } from '@sallyport/protocol'
import fc from 'fast-check'
import { encodeWebSocketFrame } from '../../../test/support/raw-web-socket.ts'
import { MessageReader } from './message-reader.ts'

interface Frame {
  /** FIN, reserved bits and opcode. */
  readonly first: number
  readonly payload: Buffer
  readonly key?: Buffer | undefined
}

const binary = 0x82
const zeroKey = Buffer.alloc(4)

function encode({ first, payload, key }: Frame): Buffer {
  const bytes = encodeWebSocketFrame(first & 0x7f, payload, key)
  bytes[0] = first
  return bytes
}

/** Reads chunks as the transport does: what is taken, and what is left to `ws`, in one order. */
function read(chunks: readonly Buffer[], isMasked: boolean) {
  const taken: string[] = []
  const left: Buffer[] = []
  const reader = new MessageReader(isMasked, (bytes, start, end) => {
    taken.push(bytes.toString('hex', start, end))
  })
  for (const chunk of chunks) {
    for (let at = reader.takeRest(chunk, 0, chunk.length); at < chunk.length;) {
      at = reader.take(chunk, at, chunk.length)
      if (at === chunk.length) break
      const end = reader.follow(chunk, at, chunk.length)
      assert.ok(end > at, 'it goes on')
      left.push(chunk.subarray(at, end))
      at = end
    }
  }
  return { taken, left: Buffer.concat(left) }
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const next = at + (sizes[index % sizes.length] ?? 1)
    chunks.push(bytes.subarray(at, next))
    at = next
  }
  return chunks
}

const hello = Buffer.from('hello')

test('message reader: whole binary messages are taken, of every length', () => {
  for (const key of [undefined, zeroKey]) {
    const payloads = [0, 1, 125, 126, 16_372, maxMessageBytes - 1].map((bytes) =>
      Buffer.alloc(bytes, 7),
    )
    const bytes = Buffer.concat(payloads.map((payload) => encode({ first: binary, payload, key })))
    const { taken, left } = read([bytes], key !== undefined)
    assert.deepEqual(
      taken,
      payloads.map((payload) => payload.toString('hex')),
    )
    assert.equal(left.length, 0)
  }
})

test('message reader: a message that is cut behind its header is taken piece by piece', () => {
  const bytes = encode({ first: binary, payload: Buffer.alloc(40_000, 7), key: zeroKey })
  const next = encode({ first: binary, payload: hello, key: zeroKey })
  const { taken, left } = read(cut(Buffer.concat([bytes, next]), [16_384]), true)
  assert.deepEqual(
    taken.map((piece) => piece.length / 2),
    [16_384 - 8, 16_384, 40_000 - 2 * 16_384 + 8, hello.length],
  )
  assert.equal(left.length, 0)
})

const leftToWs: Readonly<Record<string, Buffer>> = {
  'a text message': encode({ first: 0x81, payload: hello }),
  'a ping': encode({ first: 0x89, payload: hello }),
  'a close': encode({ first: 0x88, payload: Buffer.from([3, 232]) }),
  'a reserved bit': encode({ first: 0xc2, payload: hello }),
  'a mask that may not be': encode({ first: binary, payload: hello, key: zeroKey }),
  'a length in its longest form': Buffer.from([binary, 127, 0, 0, 0, 0, 0, 0, 0, 5, ...hello]),
  'a message that is too long': encode({
    first: binary,
    payload: Buffer.alloc(maxMessageBytes + 1),
  }),
}

for (const [what, bytes] of Object.entries(leftToWs)) {
  test(`message reader: ${what} is left to ws, and what follows is taken`, () => {
    const next = encode({ first: binary, payload: hello })
    const { taken, left } = read([Buffer.concat([bytes, next])], false)
    assert.deepEqual(taken, [hello.toString('hex')])
    assert.ok(left.equals(bytes))
  })
}

for (const [what, key] of [
  ['no mask where one must be', undefined],
  ['a mask with a key', Buffer.from([1, 2, 3, 4])],
] as const) {
  test(`message reader: ${what} is left to ws`, () => {
    const bytes = encode({ first: binary, payload: hello, key })
    const { taken, left } = read([bytes], true)
    assert.deepEqual(taken, [])
    assert.ok(left.equals(bytes))
  })
}

test('message reader: within a fragmented message all is left to ws', () => {
  const pieces = [
    encode({ first: 0x02, payload: hello }),
    encode({ first: 0x89, payload: hello }),
    encode({ first: binary, payload: hello }),
    encode({ first: 0x00, payload: hello }),
    encode({ first: 0x80, payload: hello }),
  ]
  const next = encode({ first: binary, payload: hello })
  const { taken, left } = read([Buffer.concat([...pieces, next])], false)
  assert.ok(left.equals(Buffer.concat(pieces)))
  assert.deepEqual(taken, [hello.toString('hex')])
})

const anyFrame = fc.record({
  first: fc.constantFrom(binary, binary, binary, 0x81, 0x89, 0x8a),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 130 }),
    fc.integer({ min: 120, max: 400 }).map((bytes) => new Uint8Array(bytes).fill(bytes)),
  ),
  key: fc.constantFrom(zeroKey, zeroKey, Buffer.from([9, 8, 7, 6])),
})

test('message reader: however it is cut, each frame is taken whole, in pieces, or left whole', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
      (frames, sizes) => {
        const encoded = frames.map((frame) =>
          encode({ ...frame, payload: Buffer.from(frame.payload) }),
        )
        const { taken, left } = read(cut(Buffer.concat(encoded), sizes), true)
        let rest = left
        let pieces = Buffer.from(taken.join(''), 'hex')
        for (const [index, { first, payload, key }] of frames.entries()) {
          const frame = encoded[index] ?? assert.fail('no frame')
          if (rest.subarray(0, frame.length).equals(frame)) {
            rest = rest.subarray(frame.length)
            continue
          }
          assert.ok(first === binary && key === zeroKey, `frame ${index} is for ws`)
          assert.ok(pieces.subarray(0, payload.length).equals(payload), `frame ${index}`)
          pieces = pieces.subarray(payload.length)
        }
        assert.deepEqual([pieces.length, rest.length], [0, 0])
      },
    ),
  )
})
