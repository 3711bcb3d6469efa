import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CapturedRequest,
  formatForEditor,
  parseFromEditor,
  parseRaw,
} from './captured-request.ts'

const raw = (text: string, body = Buffer.alloc(0)): string =>
  Buffer.concat([Buffer.from(text, 'latin1'), body]).toString('base64')

test('captured request: is read as it came, octet by octet', () => {
  const body = Buffer.from([0, 255, 13, 10, 13, 10, 128])
  const request = parseRaw(
    raw('POST /a?b=\xff HTTP/1.1\r\nHost: x\r\nX: a: b\xe9\r\nY: \r\n\r\n', body),
  )
  assert.deepEqual(request, {
    method: 'POST',
    target: '/a?b=\xff',
    fields: [
      ['Host', 'x'],
      ['X', 'a: b\xe9'],
      ['Y', ''],
    ],
    body,
  })
  assert.throws(() => parseRaw(raw('nonsense')), /no known form/)
})

const request: CapturedRequest = {
  method: 'POST',
  target: '/hook?x=1',
  fields: [
    ['Host', 'a.test'],
    ['Content-Type', 'text/plain'],
    ['Empty', ''],
  ],
  body: Buffer.from('line 1\n\nline 3 é\n# no comment\n'),
}

test('captured request: what an editor leaves as it is comes back as it was', () => {
  assert.deepEqual(parseFromEditor(formatForEditor(request)), request)
  const dos = formatForEditor({ ...request, body: Buffer.from('one') }).replaceAll('\n', '\r\n')
  assert.deepEqual(parseFromEditor(`\ufeff${dos}`)?.fields, request.fields)
})

test('captured request: what follows from the body is not shown', () => {
  const fields = [...request.fields, ['Content-Length', '9'], ['Connection', 'close']] as const
  assert.doesNotMatch(formatForEditor({ ...request, fields }), /Content-Length|Connection/)
})

test('captured request: an empty file sends nothing, a wrong one says where', () => {
  for (const text of ['', '\n\n', '# only\n# this\n']) {
    assert.equal(parseFromEditor(text), undefined)
  }
  assert.throws(() => parseFromEditor('POST\n'), /first line.*needs METHOD PATH/)
  assert.throws(() => parseFromEditor('GET /\nno colon\n\n'), /its header.*"no colon".*NAME: VALUE/)
  assert.throws(() => formatForEditor({ ...request, body: Buffer.from([255]) }), /no text/)
})
