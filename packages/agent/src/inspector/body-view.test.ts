import assert from 'node:assert/strict'
import test from 'node:test'
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { viewBody } from './body-view.ts'
import { CapturedBody } from './captured-body.ts'
import { decodeBody } from './decode-body.ts'
import { maxDecodedBytes, maxFormFields, maxTextChars } from './limits.ts'
import type { BodyView } from './wire.ts'

async function view(body: Buffer | string, type: string, coding?: string): Promise<BodyView> {
  const captured = new CapturedBody()
  const bytes = Buffer.from(body)
  captured.add(bytes, 0, bytes.length)
  const fields: [string, string][] = [['Content-Type', type]]
  if (coding !== undefined) fields.push(['content-encoding', coding])
  return await viewBody(fields, captured)
}

test('body: JSON keeps every digit, repeated keys and their order', async () => {
  const { kind, text, editable } = await view(
    '{"id":12345678901234567890,"b":[],"a":[1,{"x":"a,\\"{"}],"a":{}}',
    'application/vnd.api+json; charset=utf-8',
  )
  assert.equal(kind, 'json')
  assert.equal(
    text,
    '{\n  "id": 12345678901234567890,\n  "b": [],\n  "a": [\n    1,\n    {\n      "x": "a,\\"{"\n    }\n  ],\n  "a": {}\n}',
  )
  assert.ok(editable?.startsWith('{"id":1234'))
})

test('body: what says JSON and is none is shown as text, with a word', async () => {
  const { kind, notes } = await view('{"a":', 'application/json')
  assert.equal(kind, 'text')
  assert.deepEqual(notes, ['It is not valid JSON.'])
})

test('body: XML gets a line for each element', async () => {
  const { kind, text } = await view('<?xml version="1.0"?><a><b c="d">e</b><f/></a>', 'text/xml')
  assert.equal(kind, 'xml')
  assert.equal(text, '<?xml version="1.0"?>\n<a>\n  <b c="d">e</b>\n  <f/>\n</a>')
})

test('body: a form is decoded', async () => {
  const { kind, form } = await view('a=1&b=x+y%26&a=2', 'application/x-www-form-urlencoded')
  assert.equal(kind, 'form')
  assert.deepEqual(form, [
    ['a', '1'],
    ['b', 'x y&'],
    ['a', '2'],
  ])
})

test('body: the parts of a multipart body', async () => {
  const body = Buffer.concat([
    Buffer.from('--b1\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--b1\r\n'),
    Buffer.from('Content-Disposition: form-data; name="f"; filename="x.bin"\r\n'),
    Buffer.from('Content-Type: application/octet-stream\r\n\r\n'),
    Buffer.from([0, 1, 2]),
    Buffer.from('\r\n--b1--\r\n'),
  ])
  const { kind, parts } = await view(body, 'multipart/form-data; boundary=b1')
  assert.equal(kind, 'multipart')
  assert.deepEqual(
    parts?.map(({ name, fileName, bytes }) => ({ name, fileName, bytes })),
    [
      { name: 'note', fileName: undefined, bytes: 2 },
      { name: 'f', fileName: 'x.bin', bytes: 3 },
    ],
  )
  assert.match(parts[1]?.text ?? '', /^00000000 {2}00 01 02/)
})

test('body: images are data, but for SVG, which can carry a script', async () => {
  const png = await view(Buffer.from([0x89, 0x50]), 'image/png')
  assert.equal(png.image, 'data:image/png;base64,iVA=')
  const svg = await view('<svg><script>1</script></svg>', 'image/svg+xml')
  assert.equal(svg.kind, 'xml')
  assert.equal(svg.image, undefined)
})

test('body: bytes that are no text are shown as hexadecimal', async () => {
  const { kind, text } = await view(Buffer.from([0, 0x41, 0xff]), 'application/octet-stream')
  assert.equal(kind, 'hex')
  assert.ok(text?.startsWith('00000000  00 41 ff '))
  assert.ok(text?.endsWith('|.A.|'))
})

test('body: what steers a terminal or turns a line around is written out', async () => {
  const { text } = await view('a\u001b[2Jb\u202ec\r\nd\te\u0085', 'text/plain')
  assert.equal(text, 'a\\x1b[2Jb\\u{202e}c\nd\te\\x85')
})

test('body: gzip, deflate, br and zstd are taken off, also one over the other', async () => {
  const plain = Buffer.from('hello '.repeat(100))
  const codings = {
    gzip: gzipSync(plain),
    deflate: deflateSync(plain),
    br: brotliCompressSync(plain),
    zstd: zstdCompressSync(plain),
    'br, gzip': gzipSync(brotliCompressSync(plain)),
  }
  for (const [coding, bytes] of Object.entries(codings)) {
    const decoded = await decodeBody(bytes, coding)
    assert.equal(decoded.problem, undefined, coding)
    assert.ok(decoded.bytes.equals(plain), coding)
  }
})

test('body: a bomb is decoded as far as the bound and no further', async () => {
  const plain = Buffer.alloc(40 * 1024 * 1024)
  for (const [coding, bytes] of [
    ['gzip', gzipSync(plain)],
    ['br', brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ] as const) {
    const decoded = await decodeBody(bytes, coding)
    assert.equal(decoded.bytes.length, maxDecodedBytes)
    assert.ok(decoded.isCut)
  }
})

test('body: a capture that was cut is decoded as far as it goes', async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index * 7919}\n`).join('')
  const whole = gzipSync(lines)
  const { bytes, problem } = await decodeBody(whole.subarray(0, whole.length / 2), 'gzip')
  assert.equal(problem, undefined)
  assert.ok(bytes.length > 1_000 && lines.startsWith(bytes.toString()))
})

test('body: what is not what it says is shown as it is', async () => {
  const wrong = await view('plain', 'text/plain', 'gzip')
  assert.equal(wrong.text, 'plain')
  assert.match(wrong.notes.join(), /^Not decoded: incorrect header check/)
  const many = await view('plain', 'text/plain', 'gzip, gzip, gzip')
  assert.match(many.notes.join(), /3 codings/)
  const unknown = await view('plain', 'text/plain', 'x-mine')
  assert.match(unknown.notes.join(), /unknown: x-mine/)
})

test('body: what is made to be slow or large when laid out is neither', async () => {
  const hostile = {
    'application/json': ['['.repeat(100_000) + ']'.repeat(100_000), '[0,'.repeat(80_000) + '0'],
    'text/xml': [
      '<!--'.repeat(60_000),
      '<![CDATA['.repeat(20_000),
      '<'.repeat(200_000),
      '<a>'.repeat(80_000),
      `<${'a'.repeat(100_000)}>${'b'.repeat(100_000)}</x></y>`,
    ],
    'application/x-www-form-urlencoded': ['&a'.repeat(500_000)],
    'multipart/form-data; boundary=b': [
      `--b\r\ncontent-disposition: ${';name="'.repeat(1_000)}\r\n\r\n\r\n`.repeat(100),
    ],
  }
  for (const [type, bodies] of Object.entries(hostile)) {
    for (const body of bodies) {
      const startMs = performance.now()
      const { text = '', form = [] } = await view(body, type)
      // Quadratic work would take minutes.
      assert.ok(performance.now() - startMs < 20_000, `${type}: ${body.slice(0, 20)}`)
      assert.ok(text.length <= maxTextChars && form.length <= maxFormFields)
    }
  }
})
