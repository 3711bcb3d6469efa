import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { BodyReader } from './body-reader.ts'
import { maxChunkExtensionBytes } from './limits.ts'
import { type BodyFraming, chunkedBody, noBody, untilCloseBody } from './message-fields.ts'

/** What a reader makes of the pieces: events with data joined, and the bytes behind the body. */
function read(framing: BodyFraming, pieces: readonly Buffer[]): unknown {
  const reader = new BodyReader()
  reader.begin('request', framing)
  const events: string[] = []
  let data = ''
  const sink = {
    onBody: (bytes: Buffer, start: number, end: number) => {
      data += bytes.toString('latin1', start, end)
    },
    onChunkStart: (size: number) => events.push(`chunk ${size}`),
    onChunkEnd: () => events.push(`end of ${data.length}`),
    onTrailers: (trailers: { fieldCount: number; nameText(field: number): string }) => {
      const names = Array.from({ length: trailers.fieldCount }, (_, field) =>
        trailers.nameText(field),
      )
      events.push(`trailers ${names.join(' ')}`)
    },
  }
  let rest = ''
  try {
    for (const piece of pieces) {
      const padded = Buffer.concat([Buffer.from('?'), piece, Buffer.from('?')])
      const next = reader.push(padded, 1, 1 + piece.length, sink)
      rest += padded.toString('latin1', next, 1 + piece.length)
      padded.fill(0x2a)
    }
  } catch (error) {
    if (error instanceof SallyportError) return error.code
    throw error
  }
  return { data, events, rest, isDone: reader.isDone, bytes: reader.bytes }
}

/** The result, the same for every cut. */
function readEveryCut(framing: BodyFraming, text: string): unknown {
  const bytes = Buffer.from(text, 'latin1')
  const whole = read(framing, [bytes])
  assert.deepEqual(
    read(
      framing,
      Array.from(bytes, (octet) => Buffer.of(octet)),
    ),
    whole,
  )
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(read(framing, [bytes.subarray(0, at), bytes.subarray(at)]), whole, `at ${at}`)
  }
  return whole
}

test('body reader: nothing, and a length of nothing, are done at once', () => {
  const nothing = { data: '', events: [], rest: 'GET', isDone: true, bytes: 0 }
  assert.deepEqual(readEveryCut(noBody, 'GET'), nothing)
  assert.deepEqual(readEveryCut({ kind: 'length', bytes: 0 }, 'GET'), nothing)
})

test('body reader: a length ends where it says', () => {
  const expected = { data: 'hello', events: [], rest: 'GET', isDone: true, bytes: 5 }
  assert.deepEqual(readEveryCut({ kind: 'length', bytes: 5 }, 'helloGET'), expected)
  const cut = { data: 'hell', events: [], rest: '', isDone: false, bytes: 4 }
  assert.deepEqual(readEveryCut({ kind: 'length', bytes: 5 }, 'hell'), cut)
})

test('body reader: a body until the end is done when the stream ends', () => {
  const expected = { data: 'hello', events: [], rest: '', isDone: false, bytes: 5 }
  assert.deepEqual(readEveryCut(untilCloseBody, 'hello'), expected)
  const reader = new BodyReader()
  reader.begin('response', untilCloseBody)
  assert.equal(reader.endsHere(), true)
  reader.begin('response', { kind: 'length', bytes: 5 })
  assert.equal(reader.endsHere(), false)
})

test('body reader: chunks, with extensions dropped and trailers told', () => {
  const text = '5\r\nhello\r\n00A;x="y;z" ;q\r\n0123456789\r\n0;last\r\nA: b\r\nC: d\r\n\r\nGET'
  assert.deepEqual(readEveryCut(chunkedBody, text), {
    data: 'hello0123456789',
    events: ['chunk 5', 'end of 5', 'chunk 10', 'end of 15', 'trailers A C'],
    rest: 'GET',
    isDone: true,
    bytes: 15,
  })
})

test('body reader: an empty chunked body', () => {
  assert.deepEqual(readEveryCut(chunkedBody, '0\r\n\r\nGET'), {
    data: '',
    events: ['trailers '],
    rest: 'GET',
    isDone: true,
    bytes: 0,
  })
})

const bad: readonly (readonly [what: string, text: string])[] = [
  ['an empty size', '\r\n0\r\n\r\n'],
  ['a size that is none', 'x\r\n'],
  ['a size with a prefix', '0x5\r\nhello\r\n'],
  ['a signed size', '+5\r\nhello\r\n'],
  ['a blank before the size', ' 5\r\nhello\r\n'],
  ['a blank behind the size', '5 \r\nhello\r\n'],
  ['a tab before an extension', '5\t;x\r\nhello\r\n'],
  ['a size with an underscore', '1_0\r\n'],
  ['a bare LF behind the size', '5\nhello\r\n'],
  ['a bare CR behind the size', '5\rhello\r\n'],
  ['a CR behind the size and another octet', '5\rXhello\r\n0\r\n\r\n'],
  ['a CR behind the data and another octet', '5\r\nhello\rX0\r\n\r\n'],
  ['a size of 14 digits', '00000000000005\r\nhello\r\n'],
  ['a bare LF in an extension', '5;x\nhello\r\n'],
  ['a NUL in an extension', '5;x\0\r\nhello\r\n'],
  ['a bare CR in an extension', '5;x\ry\r\nhello\r\n'],
  ['a long extension', `5;${'x'.repeat(maxChunkExtensionBytes + 1)}\r\nhello\r\n`],
  ['a chunk that is longer than it says', '5\r\nhello!\r\n'],
  ['a chunk that ends with a bare LF', '5\r\nhello\n0\r\n\r\n'],
  ['a chunk that ends with a bare CR', '5\r\nhello\r0\r\n\r\n'],
  ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
  ['a trailer without a colon', '0\r\nGET / HTTP/1.1\r\n\r\n'],
  ['a trailer section with a bare LF', '0\r\nA: b\n\r\n'],
  ['an end with a bare LF', '0\r\n\n'],
  ['too many trailers', `0\r\n${'A: b\r\n'.repeat(33)}\r\n`],
]

for (const [what, text] of bad) {
  test(`body reader: refuses ${what}`, () => {
    assert.equal(readEveryCut(chunkedBody, text), 'SP_HTTP_BAD_REQUEST')
  })
}

test('body reader: gives the trailers’ parser back when it is given up in the middle', () => {
  const reader = new BodyReader()
  const sink = { onBody() {}, onChunkStart() {}, onChunkEnd() {}, onTrailers() {} }
  reader.begin('request', chunkedBody)
  reader.push(Buffer.from('0\r\nA: b'), 0, 7, sink)
  reader.begin('request', chunkedBody)
  assert.equal(reader.push(Buffer.from('0\r\n\r\n'), 0, 5, sink), 5)
  assert.equal(reader.isDone, true)
})
