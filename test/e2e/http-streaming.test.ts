// What must not be held up or lost on an https route of a real relay and agent: events as they come, interim
// answers, trailers, and uploads that ask first.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:https'
import { buffer, text } from 'node:stream/consumers'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { openHttp2 } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'

const name = 'app.test'

/** A route to that origin. */
async function routeTo(listener: (request: IncomingMessage, response: ServerResponse) => void) {
  const stack = new AsyncDisposableStack()
  const relay = stack.use(await startInProcessRelay())
  const origin = stack.use(await startServer(listener))
  stack.use(await joinAgent(relay, origin.port, { url: `https://${name}` }))
  return {
    port: relay.port,
    origin,
    begin: (method: string, headers: Record<string, string> = {}) =>
      request({
        host: '127.0.0.1',
        port: relay.port,
        method,
        servername: name,
        rejectUnauthorized: false,
        agent: false,
        headers: { host: name, ...headers },
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Sends events one by one, each when the last one was seen; returns how late each was, in ms. */
async function lateness(
  send: (event: string) => void,
  visitor: AsyncIterable<Buffer | string>,
): Promise<number[]> {
  const late: number[] = []
  const chunks: AsyncIterator<unknown, unknown> = visitor[Symbol.asyncIterator]()
  for (let index = 0; index < 50; index++) {
    const sentMs = performance.now()
    const event = `data: ${index}\n\n`
    send(event)
    let seen = ''
    while (seen.length < event.length) {
      const { value } = await deadline(chunks.next(), 10_000, `event ${index}`)
      seen += String(value)
    }
    assert.equal(seen, event)
    late.push(performance.now() - sentMs)
  }
  return late.sort((a, b) => a - b)
}

test('https route: each event of a stream arrives before the next is sent, soon', async (t) => {
  let response: ServerResponse | undefined
  await using route = await routeTo((_request, answer) => {
    response = answer.writeHead(200, { 'content-type': 'text/event-stream' })
    answer.flushHeaders()
  })
  const asked = route.begin('GET').end()
  const [first] = (await deadline(once(asked, 'response'), 10_000, 'answer')) as [IncomingMessage]
  const session = openHttp2(route.port, name)
  const over1 = await lateness((event) => response?.write(event), first)
  const stream = session.request({ ':path': '/' })
  await deadline(once(stream, 'response'), 10_000, 'answer')
  const over2 = await lateness((event) => response?.write(event), stream)
  session.destroy()
  asked.destroy()
  for (const [version, late] of Object.entries({ '1.1': over1, '2': over2 })) {
    t.diagnostic(
      `HTTP/${version}: late by ${late.at(25)?.toFixed(1)} ms, at most ${late.at(-1)?.toFixed(1)}`,
    )
    // One of a loaded machine may be late; a buffer with a timer would make all of them so.
    assert.ok((late[0] ?? Infinity) <= 50, `${late[0]} ms`)
  }
})

test('https route: interim answers and trailers pass both ways', async () => {
  await using route = await routeTo((incoming, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    void buffer(incoming).then((body) => {
      response.writeHead(200, { trailer: 'X-Sum' })
      response.write(`${body.length} ${incoming.trailers['x-check']}`)
      response.addTrailers({ 'X-Sum': '7' })
      response.end()
    })
  })
  const asked = route.begin('POST', { trailer: 'X-Check' })
  const hints = once(asked, 'information')
  asked.addTrailers({ 'X-Check': 'yes' })
  asked.write('x'.repeat(70_000))
  asked.end()
  const [response] = (await deadline(once(asked, 'response'), 10_000, 'answer')) as [
    IncomingMessage,
  ]
  assert.equal(await text(response), '70000 yes')
  assert.equal(response.trailers['x-sum'], '7')
  const [early] = (await hints) as [{ statusCode: number }]
  assert.equal(early.statusCode, 103)
})

test('https route: an upload that asks first is sent when the origin says so, and not otherwise', async () => {
  await using route = await routeTo((incoming, response) => {
    void buffer(incoming).then((body) => response.end(String(body.length)))
  })
  route.origin.on('checkContinue', (incoming: IncomingMessage, response: ServerResponse) => {
    if (incoming.headers['x-wanted'] === 'no') {
      response.writeHead(403, { connection: 'close' }).end()
      return
    }
    response.writeContinue()
    void buffer(incoming).then((body) => response.end(String(body.length)))
  })
  const headers = { expect: '100-continue', 'content-length': '500000' }
  const upload = route.begin('PUT', headers)
  upload.flushHeaders()
  await deadline(once(upload, 'continue'), 10_000, '100')
  upload.end(Buffer.alloc(500_000))
  const [response] = (await deadline(once(upload, 'response'), 10_000, 'answer')) as [
    IncomingMessage,
  ]
  assert.equal(await text(response), '500000')

  const unwanted = route.begin('PUT', { ...headers, 'x-wanted': 'no' })
  unwanted.on('error', () => {})
  unwanted.flushHeaders()
  const [refusal] = (await deadline(once(unwanted, 'response'), 10_000, 'refusal')) as [
    IncomingMessage,
  ]
  assert.equal(refusal.statusCode, 403)
  unwanted.destroy()
})
