import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { HeadParser } from './head-parser.ts'
import {
  type ResponseHead,
  isInterim,
  parseResponseHead,
  webSocketAccept,
} from './response-head.ts'

interface Asked {
  readonly isHead?: boolean
  readonly webSocketKey?: string
}

function parse(asked: Asked, ...lines: readonly string[]): ResponseHead {
  const parser = new HeadParser()
  parser.begin('response')
  const text = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1')
  assert.equal(parser.push(text, 0, text.length), text.length)
  const { isHead = false, webSocketKey } = asked
  return parseResponseHead(parser, { isHead, webSocketKey })
}

test('response head: reads status and reason', () => {
  const head = parse({}, 'HTTP/1.1 404 Not here', 'Content-Length: 3')
  assert.equal(head.status, 404)
  assert.equal(head.reason, 'Not here')
  assert.equal(parse({}, 'HTTP/1.1 200').reason, '')
  assert.equal(parse({}, 'HTTP/1.1 200 ').reason, '')
})

test('response head: the body ends as status, request and fields say', () => {
  const body = (asked: Asked, ...lines: readonly string[]): unknown => parse(asked, ...lines).body
  const none = { kind: 'none', bytes: 0 }
  assert.deepEqual(body({}, 'HTTP/1.1 200 OK', 'Content-Length: 3'), { kind: 'length', bytes: 3 })
  assert.deepEqual(body({}, 'HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'), {
    kind: 'chunked',
    bytes: 0,
  })
  assert.deepEqual(body({}, 'HTTP/1.1 200 OK'), { kind: 'until-close', bytes: 0 })
  assert.deepEqual(body({ isHead: true }, 'HTTP/1.1 200 OK', 'Content-Length: 3'), none)
  assert.deepEqual(body({ isHead: true }, 'HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'), none)
  assert.deepEqual(body({}, 'HTTP/1.1 204 No Content', 'Content-Length: 3'), none)
  assert.deepEqual(body({}, 'HTTP/1.1 304 Not Modified', 'Content-Length: 3'), none)
  assert.deepEqual(body({}, 'HTTP/1.1 100 Continue'), none)
})

test('response head: the connection may be used again where nothing says otherwise', () => {
  const length = 'Content-Length: 0'
  assert.equal(parse({}, 'HTTP/1.1 200 OK', length).isPersistent, true)
  assert.equal(parse({}, 'HTTP/1.1 200 OK', length, 'Connection: close').isPersistent, false)
  assert.equal(parse({}, 'HTTP/1.1 200 OK').isPersistent, false)
  assert.equal(parse({}, 'HTTP/1.0 200 OK', length).isPersistent, false)
  assert.equal(parse({}, 'HTTP/1.0 200 OK', length, 'Connection: keep-alive').isPersistent, true)
})

test('response head: lengths that agree count once', () => {
  const head = parse({}, 'HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 3')
  assert.equal(head.contentLength, 3)
})

test('response head: 1xx but 101 is interim', () => {
  assert.equal(isInterim(parse({}, 'HTTP/1.1 103 Early Hints', 'Link: </a>')), true)
  assert.equal(isInterim(parse({}, 'HTTP/1.1 200 OK')), false)
})

// The key and its answer of RFC 6455 §1.3.
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const switching = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']

test('response head: a 101 counts when it answers the very handshake', () => {
  assert.equal(webSocketAccept(key), accept)
  const head = parse({ webSocketKey: key }, ...switching, `Sec-WebSocket-Accept: ${accept}`)
  assert.equal(head.isWebSocket, true)
  assert.equal(head.isPersistent, false)
})

const twice = (line: string): readonly string[] => [line, line]
const bad: readonly (readonly [what: string, asked: Asked, ...lines: string[]])[] = [
  ['both framings', {}, 'HTTP/1.1 200 OK', 'Content-Length: 3', 'Transfer-Encoding: chunked'],
  ['lengths that differ', {}, 'HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 4'],
  ['a length that is none', {}, 'HTTP/1.1 200 OK', 'Content-Length: 3x'],
  ['two codings', {}, 'HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'],
  ['two coding fields', {}, 'HTTP/1.1 200 OK', ...twice('Transfer-Encoding: chunked')],
  ['chunks in HTTP/1.0', {}, 'HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'],
  ['HTTP/2', {}, 'HTTP/2 200 OK'],
  ['a status of two digits', {}, 'HTTP/1.1 20 OK'],
  ['a status of four digits', {}, 'HTTP/1.1 2000 OK'],
  ['a status that begins with 0', {}, 'HTTP/1.1 099 OK'],
  ['something else', {}, 'SSH-2.0-OpenSSH'],
  ['a 101 that nobody asked for', {}, ...switching, `Sec-WebSocket-Accept: ${accept}`],
  ['a 101 without an answer', { webSocketKey: key }, ...switching],
  [
    'a 101 with a wrong answer',
    { webSocketKey: key },
    ...switching,
    'Sec-WebSocket-Accept: AAAALMBiTxaQ9kYGzzhZRbK+xOo=',
  ],
  [
    'a 101 to something else',
    { webSocketKey: key },
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: h2c',
    `Sec-WebSocket-Accept: ${accept}`,
  ],
]

for (const [what, asked, ...lines] of bad) {
  test(`response head: refuses ${what}`, () => {
    assert.throws(
      () => parse(asked, ...lines),
      (error) => error instanceof SallyportError && error.code === 'SP_ORIGIN_BAD_RESPONSE',
    )
  })
}
