import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { answerBytes, startExchange } from './http-exchange.ts'

const head = 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\n'

test('answerBytes: head and body; nothing while the head is cut; no number for what is no answer', () => {
  assert.equal(answerBytes(`${head}abc`), head.length + 3)
  assert.equal(answerBytes(head.slice(0, -1)), 0)
  assert.equal(answerBytes('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\n'), Number.NaN)
  assert.equal(answerBytes('HTTP/1.1 200 OK\r\n\r\n'), Number.NaN)
})

/** An origin whose answers to the first, second, … request are given, cut where the bar stands. */
async function startOrigin(answers: readonly string[]) {
  const server = createServer((socket) => {
    let next = 0
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', () => {
      const [first = '', rest] = (answers[next++] ?? '').split('|')
      socket.write(first)
      if (rest === undefined) return
      setImmediate(() => socket.write(rest))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    target: { host: '127.0.0.1', port, timeoutMs: 5_000 },
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

test('exchange: answers that come in pieces are each counted to their end', async () => {
  await using origin = await startOrigin([
    `${head.slice(0, 20)}|${head.slice(20)}abc`,
    `${head}a|bc`,
  ])
  const exchange = startExchange(origin.target)
  await exchange.request()
  await exchange.request()
  exchange.socket.destroy()
})

test('exchange: another status and a surplus byte are failures', async () => {
  const wrong = 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'
  await using broken = await startOrigin([wrong])
  await assert.rejects(startExchange(broken.target).request(), /answered HTTP\/1.1 502/)
  await using talkative = await startOrigin([`${head}abcd`])
  await assert.rejects(startExchange(talkative.target).request(), /more than one answer/)
})

test('exchange: a refused dial is a failure of its request', async () => {
  const origin = await startOrigin([])
  await origin[Symbol.asyncDispose]()
  await assert.rejects(startExchange(origin.target).request(), /ECONNREFUSED/)
})
