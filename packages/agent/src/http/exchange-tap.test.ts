import assert from 'node:assert/strict'
import test from 'node:test'
import { EdgeTest, get, response } from './edge.test.support.ts'
import type { ExchangeObserver, ExchangeTap, TappedRequest } from './exchange-tap.ts'

/** Writes down what it is told. */
function recorder(): { readonly tap: ExchangeTap; readonly told: string[] } {
  const told: string[] = []
  const text = (bytes: Buffer, start: number, end: number): string =>
    bytes.toString('latin1', start, end)
  const observer: ExchangeObserver = {
    onRequestBody: (...range) => told.push(`> ${text(...range)}`),
    onRequestEnd: () => told.push('> end'),
    onResponseHead: ({ status, reason, fields }) =>
      told.push(`< ${status} ${reason} ${fields().join()}`),
    onResponseBody: (...range) => told.push(`< ${text(...range)}`),
    onWebSocket: (from, ...range) => told.push(`${from}: ${text(...range)}`),
    onEnd: ({ requestBytes, responseBytes, error }) =>
      told.push(`end ${requestBytes} ${responseBytes} ${error?.code ?? 'well'}`),
  }
  const begin = (request: TappedRequest): ExchangeObserver => {
    told.push(`${request.method} ${request.target} ${request.fields().join()}`)
    return observer
  }
  return { tap: { begin }, told }
}

test('tap: is told of an exchange as it passes, without its framing', () => {
  const { tap, told } = recorder()
  const edge = new EdgeTest({ tap })
  edge.visitor.send(
    'POST /x HTTP/1.1\r\nHost: app.example.com\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n',
  )
  const origin = edge.connect()
  edge.visitor.send('0\r\n\r\n')
  origin.send(response('hello', 'X: y'))
  assert.deepEqual(told, [
    'POST /x Host,app.example.com,Transfer-Encoding,chunked',
    '> hi',
    '> end',
    '< 200 OK X,y,Content-Length,5',
    '< hello',
    'end 2 5 well',
  ])
})

test('tap: hears why an exchange ended', () => {
  const { tap, told } = recorder()
  const edge = new EdgeTest({ tap })
  edge.visitor.send(get('/'))
  edge.connect().sendEnd()
  assert.equal(told.at(-1), 'end 0 0 SP_ORIGIN_LOST')
  edge.visitor.send(get('/2'))
  edge.connect()
  edge.visitor.sendReset()
  assert.equal(told.at(-1), 'end 0 0 SP_STREAM_RESET')
})

test('tap: one that throws is dropped, and nothing is held up', () => {
  const throws = (): never => {
    throw new Error('tap')
  }
  const taps: readonly ExchangeTap[] = [
    { begin: throws },
    { begin: () => ({ onRequestEnd: throws }) },
    { begin: () => ({ onResponseHead: throws, onResponseBody: throws, onEnd: throws }) },
    { begin: () => undefined },
  ]
  for (const tap of taps) {
    const edge = new EdgeTest({ tap })
    edge.visitor.send(get('/'))
    edge.connect().send(response('hello'))
    assert.match(edge.visitor.received, /hello$/)
  }
})
