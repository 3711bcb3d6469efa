import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { type Http2Request, readHttp2Request } from './http2-request.ts'

/** A GET of app.example.com; further fields, or others in their place. */
function read(...pairs: readonly (readonly [string, string])[]): Http2Request {
  const pseudo = new Map([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'app.example.com'],
    [':path', '/'],
  ])
  for (const [name, value] of pairs) if (name.startsWith(':')) pseudo.set(name, value)
  const fields = pairs.filter(([name]) => !name.startsWith(':'))
  return readHttp2Request([...pseudo, ...fields].flat())
}

test('http/2 request: only what may go on is passed, cookies in one field', () => {
  const request = read(
    ['cookie', 'a=b'],
    ['accept', 'text/html'],
    ['cookie', 'c=d'],
    ['x-forwarded-for', '6.6.6.6'],
    ['x-real-ip', '6.6.6.6'],
    ['te', 'trailers'],
    ['content_length', '5'],
    ['authorization', 'Basic x'],
  )
  assert.deepEqual(request.fields, [
    ['accept', 'text/html'],
    ['authorization', 'Basic x'],
    ['cookie', 'a=b; c=d'],
  ])
  assert.equal(request.received.length, 8)
  assert.deepEqual(request.claims, {
    forwardedFor: '6.6.6.6',
    forwarded: undefined,
    authorization: 'Basic x',
  })
  assert.equal(request.accept, 'text/html')
})

test('http/2 request: length, expectation and gRPC are recognised', () => {
  const request = read(
    [':method', 'POST'],
    ['content-length', '5'],
    ['expect', '100-continue'],
    ['content-type', 'application/grpc+proto'],
  )
  assert.equal(request.contentLength, 5)
  assert.equal(request.expectsContinue, true)
  assert.equal(request.isGrpc, true)
  assert.equal(read(['content-type', 'application/grpcx']).isGrpc, false)
})

test('http/2 request: a Host may stand in for the authority, and agree with it', () => {
  assert.equal(read(['host', 'app.example.com']).host, 'app.example.com')
  const raw = [':method', 'OPTIONS', ':path', '*', 'host', 'app.example.com']
  assert.deepEqual(readHttp2Request(raw).authority, { host: 'app.example.com' })
})

const bad: readonly (readonly [what: string, ...pairs: (readonly [string, string])[]])[] = [
  ['another host', ['host', 'other.example.com']],
  ['two hosts', ['host', 'app.example.com'], ['host', 'app.example.com']],
  ['user info', [':authority', 'x@app.example.com']],
  ['no authority', [':authority', '']],
  ['a path without a slash', [':path', 'x']],
  ['a path with a blank', [':path', '/a b']],
  ['a path with a line end', [':path', '/a\r\nX: y']],
  ['a fragment', [':path', '/a#b']],
  ['a star in a GET', [':path', '*']],
  ['a method that is no token', [':method', 'G T']],
  ['a method with a line end', [':method', 'GET / HTTP/1.1\r\nX:']],
  ['a field with a line end', ['x', 'a\r\nHost: evil']],
  ['a field with a NUL', ['x', 'a\0']],
  ['a name with a colon', ['x:y', 'a']],
  ['a name with a blank', ['x y', 'a']],
  ['a value beyond latin-1', ['x', 'ā']],
  ['a value with a blank before it', ['x', ' a']],
  ['two lengths', ['content-length', '5'], ['content-length', '5']],
  ['a length that is none', ['content-length', '+5']],
]
for (const [what, ...pairs] of bad) {
  test(`http/2 request: refuses ${what}`, () => {
    assert.throws(
      () => read(...pairs),
      (error) => error instanceof SallyportError && error.code === 'SP_HTTP_BAD_REQUEST',
    )
  })
}

test('http/2 request: does no CONNECT, no other expectation, and not too many fields', () => {
  const code = (...pairs: readonly (readonly [string, string])[]): unknown => {
    try {
      return read(...pairs)
    } catch (error) {
      return error instanceof SallyportError ? error.code : error
    }
  }
  assert.equal(code([':method', 'CONNECT']), 'SP_HTTP_UNSUPPORTED')
  assert.equal(code(['expect', 'x']), 'SP_HTTP_UNSUPPORTED')
  const many = Array.from({ length: 201 }, (_, index) => [`x-${index}`, ''] as const)
  assert.equal(code(...many), 'SP_HTTP_HEAD_TOO_LARGE')
})
