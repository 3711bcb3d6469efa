import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { json, text } from 'node:stream/consumers'
import test from 'node:test'
import { deadline } from '../../../../../test/support/deadline.ts'
import { createInspectorTest } from '../inspector.test.support.ts'
import { startInspectorServer } from './inspector-server.ts'
import { page, startWorld, statusOf, token } from './inspector-server.test.support.ts'

test("server: a script written for ngrok's agent finds what it looks for", async () => {
  await using world = await startWorld()
  world.pass({ method: 'POST', target: '/a?b', body: 'hi', status: 404, reason: 'Not Found' })
  const list = (await json(await world.ask('/api/tunnels'))) as {
    tunnels: {
      public_url: string
      name: string
      config: unknown
      metrics: Record<string, object>
    }[]
    uri: string
  }
  assert.deepEqual(
    list.tunnels.map(({ public_url }) => public_url),
    ['https://app.example.com', 'tcp://relay.example.com:2222'],
  )
  assert.deepEqual(list.tunnels[0]?.config, { addr: 'http://localhost:3000', inspect: true })
  assert.deepEqual(Object.keys(list.tunnels[0].metrics['http'] ?? {}), [
    'count',
    'rate1',
    'rate5',
    'rate15',
    'p50',
    'p90',
    'p95',
    'p99',
  ])
  assert.equal(await statusOf(world.ask('/api/tunnels/app')), 200)
  assert.equal(await statusOf(world.ask('/api/tunnels/none')), 404)

  const { requests } = (await json(await world.ask('/api/requests/http?limit=5'))) as {
    requests: Record<string, unknown>[]
  }
  const raw = Buffer.from('POST /a?b HTTP/1.1\r\nHost: app.example.com\r\n\r\nhi')
  assert.deepEqual(requests, [
    {
      uri: '/api/requests/http/1',
      id: '1',
      tunnel_name: 'app',
      remote_addr: '203.0.113.7',
      start: '2026-11-20T12:00:00.000Z',
      duration: 10_000_000,
      request: {
        method: 'POST',
        proto: 'HTTP/1.1',
        headers: { Host: ['app.example.com'] },
        uri: '/a?b',
        raw: raw.toString('base64'),
      },
      response: {
        status: '404 Not Found',
        status_code: 404,
        proto: 'HTTP/1.1',
        headers: {},
        raw: Buffer.from('HTTP/1.1 404 Not Found\r\n\r\n').toString('base64'),
      },
    },
  ])
  assert.equal(await statusOf(world.ask('/api/requests/http', { method: 'DELETE' })), 204)
  assert.equal(await statusOf(world.ask('/api/requests/http/1')), 404)
})

test('server: the live stream begins with what is held and goes on with what happens', async () => {
  await using world = await startWorld()
  world.pass({ target: '/old' })
  world.pass({ target: '/other' })
  const answer = await world.ask('/api/live?path=/o')
  const lines = createInterface({ input: answer })[Symbol.asyncIterator]()
  interface Line {
    type: string
    exchanges?: { target: string }[]
    gone?: string[]
  }
  const next = async (): Promise<Line> =>
    JSON.parse(String((await deadline(lines.next(), 10_000, 'line')).value)) as Line
  const snapshot = await next()
  assert.equal(snapshot.type, 'snapshot')
  assert.deepEqual(
    snapshot.exchanges?.map(({ target }) => target),
    ['/other', '/old'],
  )
  world.pass({ target: '/one' })
  world.pass({ target: '/two' })
  world.clock.advance(1_000)
  const changed = await next()
  assert.deepEqual(
    changed.exchanges?.map(({ target }) => target),
    ['/one'],
  )
  assert.deepEqual(changed.gone, ['4'])
  world.inspector.exchanges.clear()
  assert.equal((await next()).type, 'cleared')
  answer.destroy()
  while (world.clock.pendingTimers > 0) await new Promise(setImmediate)
})

test('server: a replay with edits answers with the id of the new exchange', async () => {
  await using world = await startWorld()
  world.pass({ method: 'POST', body: 'a' })
  const answer = await world.ask('/api/exchanges/1/replay', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ target: '/b', bodyBase64: Buffer.from('c').toString('base64') }),
  })
  assert.equal(answer.statusCode, 201)
  assert.deepEqual(await json(answer), { id: '2' })
  assert.equal(world.sent[0]?.target, '/b')
  assert.equal(world.sent[0].body.toString(), 'c')
})

test('server: bad requests get one line', async () => {
  await using world = await startWorld()
  world.pass()
  const refused = async (path: string, body: string, type = 'application/json') => {
    const headers = { 'Content-Type': type }
    const answer = await world.ask(path, { method: 'POST', headers, body })
    const { msg } = (await json(answer)) as { msg: string }
    return `${answer.statusCode} ${msg}`
  }
  const replay = '/api/exchanges/1/replay'
  assert.match(await refused(replay, '{'), /^400 body.*JSON/)
  assert.match(await refused(replay, '{}', 'text/plain'), /^400 .*text\/plain/)
  assert.match(await refused(replay, '{"other":1}'), /^400 /)
  assert.match(await refused(replay, '{"target":"x"}'), /^400 edit.*target/)
  assert.match(await refused('/api/exchanges/99/replay', '{}'), /^404 /)
  assert.match(await refused('/api/requests/http', '{}'), /^400 body.*id/)
  assert.equal(await statusOf(world.ask('/api/live?status=ok')), 400)
  assert.equal(await statusOf(world.ask('/api/tunnels/%ff')), 400)
  assert.equal(await statusOf(world.ask('/api/tunnels', { method: 'POST' })), 405)
})

test('server: exports come as files', async () => {
  await using world = await startWorld()
  world.pass({ fields: [['Cookie', 'abc']] })
  const har = await world.ask('/api/har?id=1')
  assert.match(String(har.headers['content-disposition']), /sallyport\.har/)
  assert.match(await text(har), /REDACTED/)
  assert.match(await text(await world.ask('/api/har?id=1&secrets=1')), /abc/)
  const { command } = (await json(await world.ask('/api/exchanges/1/curl'))) as { command: string }
  assert.match(command, /^curl /)
})

test('server: raw visits are listed with their end', async () => {
  await using world = await startWorld()
  const visit = {
    visitor: '203.0.113.7',
    bytesFromVisitor: 1,
    bytesToVisitor: 2,
    durationMs: 5_000,
    endedBy: 'origin',
    message: 'reset\u001b[2J',
  } as const
  world.inspector.recordVisit({ ...visit, route: 'r1' })
  world.inspector.recordVisit({ ...visit, route: 'r0' })
  assert.deepEqual(await json(await world.ask('/api/visits')), {
    visits: [
      {
        id: 1,
        tunnel: 'db',
        visitor: '203.0.113.7',
        startedAt: Date.UTC(2026, 10, 20, 11, 59, 55),
        durationMs: 5_000,
        bytesIn: 1,
        bytesOut: 2,
        endedBy: 'origin',
        message: 'reset\\x1b[2J',
      },
    ],
  })
})

test('server: a taken port is left for the next one, unless it was asked for', async () => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const { inspector } = createInspectorTest()
  const options = { inspector, host: '127.0.0.1', port, token, page, version: '1' }
  await assert.rejects(startInspectorServer({ ...options, isExplicit: true }), {
    code: 'SP_ADDRESS_TAKEN',
    message: new RegExp(`127\\.0\\.0\\.1:${port} `),
  })
  const server = await startInspectorServer({ ...options, isExplicit: false })
  assert.ok(server.port > port)
  assert.equal(server.link, `http://127.0.0.1:${server.port}/#${token}`)
  await server.close()
  taken.close()
})
