import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { EdgeTest, response } from '../http/edge.test.support.ts'
import { begin, createInspectorTest } from './inspector.test.support.ts'
import { captureBurst, capturesPerSecond, maxBodyBytes } from './limits.ts'
import { timingOf } from './timing.ts'

test('recorder: keeps what passed the edge, copied', () => {
  const { inspector } = createInspectorTest()
  const edge = new EdgeTest({ tap: inspector.tapOf('r0') })
  edge.visitor.send('POST /x?y=1 HTTP/1.1\r\nHost: app.example.com\r\nContent-Length: 2\r\n\r\nhi')
  edge.connect().send(response('hello', 'X: y'))
  const [exchange] = inspector.exchanges.newestFirst()
  assert.ok(exchange)
  assert.equal(exchange.id, '1')
  assert.equal(`${exchange.method} ${exchange.target}`, 'POST /x?y=1')
  assert.equal(exchange.requestBody.bytes.toString(), 'hi')
  assert.equal(exchange.response?.status, 200)
  assert.deepEqual(exchange.response.fields[0], ['X', 'y'])
  assert.equal(exchange.responseBody.bytes.toString(), 'hello')
  assert.notEqual(exchange.endMs, undefined)
})

test('recorder: bytes are copied, because the buffer is used again', () => {
  const { pass } = createInspectorTest()
  const exchange = pass({ body: 'question', responseBody: 'answer' })
  assert.equal(exchange.requestBody.bytes.toString(), 'question')
  assert.equal(exchange.responseBody.bytes.toString(), 'answer')
})

test('recorder: a body is kept up to its bound and counted beyond', () => {
  const { inspector } = createInspectorTest()
  const observer = begin(inspector, { method: 'PUT' })
  const chunk = Buffer.alloc(300_000, 'x')
  for (let sent = 0; sent < 3_000_000; sent += chunk.length) {
    observer.onRequestBody?.(chunk, 0, chunk.length)
  }
  const [exchange] = inspector.exchanges.newestFirst()
  assert.equal(exchange?.requestBody.bytes.length, maxBodyBytes)
  assert.equal(exchange.requestBody.seen, 3_000_000)
  assert.ok(exchange.requestBody.isCut)
  assert.ok(inspector.exchanges.bytes < maxBodyBytes + 4_096, `${inspector.exchanges.bytes}`)
})

test('recorder: tells time before the request was whole, until the answer, and after it', () => {
  const { clock, inspector } = createInspectorTest()
  const observer = begin(inspector, {})
  clock.advance(5)
  observer.onRequestEnd?.()
  clock.advance(20)
  observer.onResponseHead?.({ status: 200, reason: 'OK', fields: () => [] })
  clock.advance(7)
  observer.onEnd?.({ requestBytes: 0, responseBytes: 0, error: undefined })
  const [exchange] = inspector.exchanges.newestFirst()
  assert.ok(exchange)
  assert.deepEqual(timingOf(exchange), { tunnelMs: 5, originMs: 20, transferMs: 7 })
})

test('recorder: an answer that comes before the request is whole has no negative time', () => {
  const { clock, inspector } = createInspectorTest()
  const [observer] = [begin(inspector, {})]
  const [exchange] = inspector.exchanges.newestFirst()
  assert.ok(exchange)
  exchange.requestEndMs = undefined
  clock.advance(3)
  observer.onResponseHead?.({ status: 413, reason: '', fields: () => [] })
  clock.advance(4)
  observer.onRequestEnd?.()
  observer.onEnd?.({ requestBytes: 0, responseBytes: 0, error: undefined })
  assert.deepEqual(timingOf(exchange), { tunnelMs: 3, originMs: 0, transferMs: 4 })
})

test('recorder: a WebSocket keeps what each side sent', () => {
  const { inspector } = createInspectorTest()
  const observer = begin(inspector, {})
  observer.onResponseHead?.({ status: 101, reason: '', fields: () => [] })
  observer.onWebSocket?.('visitor', Buffer.from('..ping'), 2, 6)
  observer.onWebSocket?.('origin', Buffer.from('pong'), 0, 4)
  const [exchange] = inspector.exchanges.newestFirst()
  assert.equal(exchange?.webSocket?.visitor.bytes.toString(), 'ping')
  assert.equal(exchange.webSocket.origin.bytes.toString(), 'pong')
})

test('recorder: says why an exchange ended', () => {
  const error = new SallyportError('SP_ORIGIN_LOST', 'gone')
  const { pass } = createInspectorTest()
  assert.deepEqual(pass({ error }).error, { code: 'SP_ORIGIN_LOST', message: 'gone' })
})

test('recorder: a flood is counted whole and kept in part, and later ones are kept again', () => {
  const { clock, inspector } = createInspectorTest()
  for (let sent = 0; sent < captureBurst + 700; sent++) {
    begin(inspector, {}).onEnd?.({ requestBytes: 0, responseBytes: 0, error: undefined })
  }
  assert.equal(inspector.exchanges.size, captureBurst)
  assert.equal(inspector.traffic.unkept, 700)
  assert.equal(inspector.traffic.ofRoute('r0').requests.count, captureBurst + 700)
  clock.advance(1_000)
  for (let sent = 0; sent < 1_000; sent++) begin(inspector, {})
  assert.equal(inspector.exchanges.size, captureBurst + capturesPerSecond)
})
