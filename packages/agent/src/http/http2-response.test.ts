import assert from 'node:assert/strict'
import test from 'node:test'
import { HeadParser } from './head-parser.ts'
import { parseHeaderRules } from './header-rules.ts'
import { http2ResponseHeaders, http2Trailers } from './http2-response.ts'
import { parseResponseHead } from './response-head.ts'

function headers(text: string, rules = parseHeaderRules({}, 'test')): unknown {
  const parser = new HeadParser()
  parser.begin('response')
  const bytes = Buffer.from(`${text}\r\n\r\n`)
  parser.push(bytes, 0, bytes.length)
  const head = parseResponseHead(parser, { isHead: false, webSocketKey: undefined })
  return http2ResponseHeaders(parser, head, rules)
}

test('http/2 response: names in lower case, nothing of the hop', () => {
  const text =
    'HTTP/1.1 200 OK\r\nContent-Type: a\r\nConnection: close, X-Gone\r\nX-Gone: 1\r\n' +
    'Keep-Alive: timeout=5\r\nContent-Length: 005\r\nLocation: http://localhost:3000/'
  assert.deepEqual(headers(text), {
    ':status': 200,
    'content-type': 'a',
    location: 'http://localhost:3000/',
    'content-length': '5',
  })
})

test('http/2 response: fields that come twice', () => {
  const text =
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=1, x\r\nSet-Cookie: b=2\r\nVary: a\r\nVary: b\r\n' +
    'Content-Type: a\r\nContent-Type: b\r\nTransfer-Encoding: chunked'
  assert.deepEqual(headers(text), {
    ':status': 200,
    'set-cookie': ['a=1, x', 'b=2'],
    vary: 'a, b',
    'content-type': 'a',
  })
})

test('http/2 response: rules add and remove', () => {
  const rules = parseHeaderRules({ add: ['X-Added: yes'], remove: ['Server'] }, 'test')
  assert.deepEqual(headers('HTTP/1.1 204 No Content\r\nServer: x\r\nContent-Length: 5', rules), {
    ':status': 204,
    'x-added': 'yes',
  })
})

test('http/2 response: trailers are filtered as those of HTTP/1 are', () => {
  const parser = new HeadParser()
  parser.begin('responseTrailer')
  const bytes = Buffer.from('Grpc-Status: 0\r\nContent-Length: 5\r\nSet-Cookie: x\r\n\r\n')
  parser.push(bytes, 0, bytes.length)
  assert.deepEqual(http2Trailers(parser), { 'grpc-status': '0' })
})
