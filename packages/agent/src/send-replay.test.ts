import assert from 'node:assert/strict'
import { type IncomingMessage, type RequestListener, createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { dialSocket, systemClock } from '@sallyport/mux'
import { deadline } from '../../../test/support/deadline.ts'
import type { ReplayRequest, ReplayResponse } from './inspector/index.ts'
import { createReplaySender } from './send-replay.ts'
import { type HttpSettings, plainHttp } from './served-route.ts'

const asked: ReplayRequest = {
  route: 'r0',
  visitorAddress: '203.0.113.7',
  method: 'POST',
  target: '/hook?a=1',
  fields: [
    ['Host', 'app.example.com'],
    ['X-A', '1'],
    ['X-Forwarded-For', '6.6.6.6'],
  ],
  body: Buffer.from('hello'),
}

/** To a server in memory. */
function send(
  listener: RequestListener,
  request: Partial<ReplayRequest> = {},
  http: HttpSettings = plainHttp,
  signal: AbortSignal = new AbortController().signal,
): Promise<ReplayResponse> {
  const sender = createReplaySender({
    clock: systemClock,
    dialSocket,
    onDialled: () => {},
    channelTimeoutMs: 5_000,
    routes: new Map([
      [
        'r0',
        {
          origin: { kind: 'server', server: createServer(listener) },
          http: { ...http, publicHost: 'app.example.com' },
        },
      ],
      ['r1', { origin: { kind: 'tcp', host: '127.0.0.1', port: 1 } }],
    ]),
  })
  return deadline(sender({ ...asked, ...request }, signal), 10_000, 'answer')
}

async function bodyOf({ body }: ReplayResponse): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

test('send replay: the origin gets it as through the tunnel, forwarded fields set anew', async () => {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] =
    []
  const response = await send((incoming, answer) => {
    const { method = '', url = '', headers } = incoming
    void text(incoming).then((body) => {
      seen.push({ method, url, headers, body })
      answer.writeHead(201, { 'X-B': '2' })
      answer.write('by ')
      answer.end('pieces')
    })
  })
  assert.equal(response.status, 201)
  assert.equal(await bodyOf(response), 'by pieces')
  assert.ok(response.fields.some(([name, value]) => name === 'X-B' && value === '2'))
  const [{ method, url, headers, body } = assert.fail('nothing came')] = seen
  assert.deepEqual([method, url, body], ['POST', '/hook?a=1', 'hello'])
  assert.equal(headers['x-forwarded-for'], '203.0.113.7')
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.equal(headers['x-a'], '1')
})

test("send replay: the route's rules hold for it", async () => {
  const policy = { hostHeader: 'localhost' }
  const hosts: (string | undefined)[] = []
  const listener: RequestListener = ({ headers }, answer) => {
    hosts.push(headers.host)
    answer.end()
  }
  await bodyOf(await send(listener, {}, { ...plainHttp, policy }))
  await bodyOf(await send(listener, { fields: [] }))
  await bodyOf(await send(listener, { fields: [['Host', 'other.example.com:8443']] }))
  assert.deepEqual(hosts, ['localhost', 'app.example.com', 'other.example.com:8443'])
})

test('send replay: an origin that breaks off gets the answer that its visitor would get', async () => {
  const response = await send(({ socket }) => socket.destroy())
  assert.equal(response.status, 502)
  assert.match(await bodyOf(response), /SP_ORIGIN_LOST/)
})

test('send replay: an answer that breaks off is no whole one', async () => {
  const response = await send((_, answer) => {
    answer.writeHead(200, { 'Content-Length': 10 })
    answer.write('half', () => answer.socket?.destroy())
  })
  await assert.rejects(bodyOf(response))
})

test('send replay: a route that is gone, or has no HTTP, is said to be so', async () => {
  const listener: RequestListener = (_, answer) => void answer.end()
  await assert.rejects(send(listener, { route: 'r9' }), /no longer served/)
  await assert.rejects(send(listener, { route: 'r1' }), /no longer served/)
})

test('send replay: one that is given up leaves nothing behind', async () => {
  const giveUp = new AbortController()
  const closed = Promise.withResolvers<void>()
  const answer = send(
    ({ socket }) => {
      socket.once('close', () => closed.resolve())
      giveUp.abort()
    },
    {},
    plainHttp,
    giveUp.signal,
  )
  await assert.rejects(answer)
  await deadline(closed.promise, 10_000, 'end of the origin connection')
})
