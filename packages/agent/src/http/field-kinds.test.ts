import assert from 'node:assert/strict'
import test from 'node:test'
import { FieldKind, fieldKindOf } from './field-kinds.ts'

test('field kinds: names are known in any case', () => {
  assert.equal(fieldKindOf('Host'), FieldKind.host)
  assert.equal(fieldKindOf('CONTENT-LENGTH'), FieldKind.contentLength)
  assert.equal(fieldKindOf('transfer-Encoding'), FieldKind.transferEncoding)
  assert.equal(fieldKindOf('Sec-WebSocket-Key'), FieldKind.webSocketKey)
  assert.equal(fieldKindOf('X-Custom'), FieldKind.other)
  assert.equal(fieldKindOf('Content-Lengths'), FieldKind.other)
})

test('field kinds: what a CGI origin would fold into a framing field is a lookalike', () => {
  for (const name of ['content_length', 'Transfer_Encoding', 'transfer.encoding', 'KEEP_ALIVE']) {
    assert.equal(fieldKindOf(name), FieldKind.lookalike, name)
  }
})

test('field kinds: every spelling of a forwarding field is a claim', () => {
  assert.equal(fieldKindOf('X-Forwarded-For'), FieldKind.forwardedFor)
  assert.equal(fieldKindOf('Forwarded'), FieldKind.forwarded)
  const claims = [
    'X_Forwarded_For',
    'x-forwarded_for',
    'X.Forwarded.For',
    'X-Forwarded-Proto',
    'X-Forwarded-Whatever',
    'x_real_ip',
    'True-Client-IP',
    'Proxy',
  ]
  for (const name of claims) assert.equal(fieldKindOf(name), FieldKind.claim, name)
})

test('field kinds: an authorization spelt otherwise is just another field', () => {
  assert.equal(fieldKindOf('sec_websocket_key'), FieldKind.other)
})
