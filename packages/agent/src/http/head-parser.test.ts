import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { HeadParser, type HeadShape } from './head-parser.ts'
import { maxHeadBytes, maxHeadFields, maxHeadLineBytes } from './limits.ts'

/** What a parser makes of the pieces: start line, fields, the bytes behind; or the error's code. */
function parse(shape: HeadShape, pieces: readonly Buffer[]): unknown {
  const parser = new HeadParser()
  parser.begin(shape)
  try {
    for (const [index, piece] of pieces.entries()) {
      // As in the edge: within a larger read, which is overwritten afterwards.
      const read = Buffer.concat([Buffer.from('??'), piece, Buffer.from('??')])
      const next = parser.push(read, 2, 2 + piece.length)
      if (next >= 0) {
        const rest = Buffer.concat([piece.subarray(next - 2), ...pieces.slice(index + 1)])
        return { ...headOf(parser), rest: rest.toString('latin1') }
      }
      read.fill(0x2a)
    }
    return 'incomplete'
  } catch (error) {
    if (error instanceof SallyportError) return error.code
    throw error
  }
}

function headOf(parser: HeadParser): { line: string; fields: string[] } {
  const { startLineStart, startLineEnd, fieldCount } = parser
  return {
    line: parser.bytes.toString('latin1', startLineStart, startLineEnd),
    fields: Array.from(
      { length: fieldCount },
      (_, field) => `${parser.nameText(field)}|${parser.valueText(field)}`,
    ),
  }
}

const good: readonly [shape: HeadShape, text: string, expected: unknown][] = [
  [
    'request',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\nrest',
    { line: 'GET / HTTP/1.1', fields: ['Host|a'], rest: 'rest' },
  ],
  ['request', 'GET / HTTP/1.1\r\n\r\n', { line: 'GET / HTTP/1.1', fields: [], rest: '' }],
  [
    'request',
    '\r\n\r\nPUT /x HTTP/1.0\r\nA:\r\nB: \t b\tc \t \r\nc:d\r\n\r\n',
    { line: 'PUT /x HTTP/1.0', fields: ['A|', 'B|b\tc', 'c|d'], rest: '' },
  ],
  [
    'response',
    'HTTP/1.1 200 \xfcber\r\nX: \xff\x80\r\n\r\n\r\n',
    { line: 'HTTP/1.1 200 \xfcber', fields: ['X|\xff\x80'], rest: '\r\n' },
  ],
  ['requestTrailer', 'A: b\r\nC: d\r\n\r\nX', { line: '', fields: ['A|b', 'C|d'], rest: 'X' }],
  ['responseTrailer', '\r\nX', { line: '', fields: [], rest: 'X' }],
]

const bad: readonly [shape: HeadShape, text: string][] = [
  ['request', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
  ['request', 'GET / HTTP/1.1\rX\r\nHost: a\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHo st: a\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\n: a\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['request', 'GET / HTTP/1.1\r\nH\xf6st: a\r\n\r\n'],
  ['request', 'GET /\x01 HTTP/1.1\r\n\r\n'],
  ['request', '\n\nGET / HTTP/1.1\r\n\r\n'],
  ['request', '\rGET / HTTP/1.1\r\n\r\n'],
  ['request', '\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n'],
  ['requestTrailer', ' A: b\r\n\r\n'],
  ['requestTrailer', 'A b\r\n\r\n'],
]

for (const [shape, text, expected] of good) {
  test(`head parser: takes ${JSON.stringify(text)} however it is cut`, () => {
    const bytes = Buffer.from(text, 'latin1')
    assert.deepEqual(parse(shape, [bytes]), expected)
    assert.deepEqual(
      parse(
        shape,
        Array.from(bytes, (octet) => Buffer.of(octet)),
      ),
      expected,
    )
    for (let at = 0; at <= bytes.length; at++) {
      assert.deepEqual(parse(shape, [bytes.subarray(0, at), bytes.subarray(at)]), expected, `${at}`)
    }
  })
}

for (const [shape, text] of bad) {
  test(`head parser: refuses ${JSON.stringify(text)} however it is cut`, () => {
    const bytes = Buffer.from(text, 'latin1')
    assert.equal(parse(shape, [bytes]), 'SP_HTTP_BAD_REQUEST')
    assert.equal(
      parse(
        shape,
        Array.from(bytes, (octet) => Buffer.of(octet)),
      ),
      'SP_HTTP_BAD_REQUEST',
    )
    for (let at = 0; at <= bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)]
      assert.equal(parse(shape, pieces), 'SP_HTTP_BAD_REQUEST', `${at}`)
    }
  })
}

test('head parser: an origin that does the same gets another code', () => {
  const text = Buffer.from('HTTP/1.1 200 OK\nA: b\r\n\r\n')
  assert.equal(parse('response', [text]), 'SP_ORIGIN_BAD_RESPONSE')
})

/** Whole, and in pieces of 1,000 bytes. */
function bothWays(shape: HeadShape, text: string): readonly unknown[] {
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, index) =>
    bytes.subarray(index * 1000, (index + 1) * 1000),
  )
  return [parse(shape, [bytes]), parse(shape, pieces)]
}

test('head parser: a head may be as long as the bound, and no byte longer', () => {
  const frame = 'GET / HTTP/1.1\r\n\r\n'
  const fields = `A: ${'a'.repeat(1000)}\r\n`.repeat(60)
  const room = maxHeadBytes - frame.length - fields.length
  const text = (bytes: number): string =>
    `\r\nGET / HTTP/1.1\r\n${fields}B: ${'b'.repeat(bytes - 5)}\r\n\r\n`
  for (const result of bothWays('request', text(room - 2))) assert.equal(typeof result, 'object')
  for (const result of bothWays('request', text(room - 1))) {
    assert.equal(result, 'SP_HTTP_HEAD_TOO_LARGE')
  }
})

test('head parser: a line and the number of fields are bounded', () => {
  const line = (bytes: number): string => `GET / HTTP/1.1\r\nA: ${'a'.repeat(bytes - 3)}\r\n\r\n`
  for (const result of bothWays('request', line(maxHeadLineBytes))) {
    assert.equal(typeof result, 'object')
  }
  for (const result of bothWays('request', line(maxHeadLineBytes + 1))) {
    assert.equal(result, 'SP_HTTP_HEAD_TOO_LARGE')
  }
  const fields = (count: number): string => `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(count)}\r\n`
  for (const result of bothWays('request', fields(maxHeadFields))) {
    assert.equal(typeof result, 'object')
  }
  for (const result of bothWays('request', fields(maxHeadFields + 1))) {
    assert.equal(result, 'SP_HTTP_HEAD_TOO_LARGE')
  }
})

test('head parser: serves again after a cut head, a failed one and a long one', () => {
  const parser = new HeadParser()
  const text = Buffer.from('GET /again HTTP/1.1\r\nA: b\r\n\r\n')
  const again = (): void => {
    parser.begin('request')
    assert.equal(parser.push(text, 0, text.length), text.length)
    assert.deepEqual(headOf(parser), { line: 'GET /again HTTP/1.1', fields: ['A|b'] })
  }
  again()
  parser.begin('request')
  assert.equal(parser.push(Buffer.from(`GET / HTTP/1.1\r\nA: ${'a'.repeat(9000)}`), 0, 9000), -1)
  assert.ok(parser.isCut)
  again()
  parser.begin('request')
  assert.throws(() => parser.push(Buffer.from('A B C\n'), 0, 6))
  again()
})

test('head parser: says which lines may be copied as they stand', () => {
  const parser = new HeadParser()
  parser.begin('request')
  const text = Buffer.from(
    'GET / HTTP/1.1\r\nA: b\r\nB:b\r\nC:  c\r\nD: d \r\nE:\td\r\nF: \r\n\r\n',
  )
  parser.push(text, 0, text.length)
  assert.deepEqual(
    Array.from({ length: parser.fieldCount }, (_, field) => parser.isCanonical(field)),
    [true, false, false, false, false, true],
  )
})
