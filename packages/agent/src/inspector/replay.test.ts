import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SallyportError } from '@sallyport/protocol'
import type { Exchange } from './exchange.ts'
import { begin, createInspectorTest, pieces } from './inspector.test.support.ts'
import { maxBodyBytes } from './limits.ts'

const fields = [
  ['Host', 'app.example.com'],
  ['Content-Length', '5'],
  ['Connection', 'keep-alive'],
  ['X-A', '1'],
] as const

async function ended(exchange: Exchange): Promise<Exchange> {
  while (exchange.endMs === undefined) await setImmediate()
  return exchange
}

test('replay: sends what was captured, and keeps the answer as an exchange of its own', async () => {
  const { inspector, pass, sent } = createInspectorTest()
  const original = pass({ method: 'POST', target: '/hook', fields, body: 'hello' })
  const replayed = await ended(inspector.replay(original))
  assert.deepEqual(sent, [
    {
      route: 'r0',
      visitorAddress: '203.0.113.7',
      method: 'POST',
      target: '/hook',
      fields: [
        ['Host', 'app.example.com'],
        ['X-A', '1'],
      ],
      body: Buffer.from('hello'),
    },
  ])
  assert.equal(replayed.replayOf, original.id)
  assert.equal(replayed.response?.status, 200)
  assert.equal(replayed.responseBody.bytes.toString(), 'again')
})

test('replay: edits take the place of what was captured', async () => {
  const { inspector, pass, sent } = createInspectorTest()
  const original = pass({ method: 'POST', target: '/hook', fields, body: 'hello' })
  await ended(
    inspector.replay(original, {
      method: 'PUT',
      target: '/x?y',
      fields: [['X-B', '2']],
      body: 'é',
    }),
  )
  assert.deepEqual(sent, [
    {
      route: 'r0',
      visitorAddress: '203.0.113.7',
      method: 'PUT',
      target: '/x?y',
      fields: [['X-B', '2']],
      body: Buffer.from('é'),
    },
  ])
})

test('replay: edits that would break the request apart are refused', () => {
  const { inspector, pass, sent } = createInspectorTest()
  const original = pass({})
  for (const edits of [
    { method: 'GET / HTTP/1.1\r\nX:' },
    { method: 'CONNECT' },
    { target: 'http://elsewhere/' },
    { target: '/a b' },
    { target: '/a\r\nX: y' },
    { fields: [['X', 'a\r\nY: b']] as const },
    { fields: [['X:', 'a']] as const },
    { fields: [['', 'a']] as const },
    { body: 'x'.repeat(maxBodyBytes + 1) },
  ]) {
    assert.throws(() => inspector.replay(original, edits), { code: 'SP_USAGE' })
  }
  assert.equal(sent.length, 0)
})

test('replay: what was not captured whole is not sent, unless a body is given', async () => {
  const { inspector, pass, sent } = createInspectorTest()
  const cut = pass({ method: 'POST', body: 'x'.repeat(maxBodyBytes + 1) })
  assert.throws(() => inspector.replay(cut), { code: 'SP_USAGE' })
  await ended(inspector.replay(cut, { body: 'short' }))
  assert.equal(sent.length, 1)
  const observer = begin(inspector, { target: '/ws' })
  observer.onResponseHead?.({ status: 101, reason: '', fields: () => [] })
  const [webSocket] = inspector.exchanges.newestFirst()
  assert.ok(webSocket)
  assert.throws(() => inspector.replay(webSocket), /WebSocket/)
})

test('replay: a failure is kept as such', async () => {
  const world = createInspectorTest()
  world.answer = () => {
    throw new SallyportError('SP_ORIGIN_REFUSED', 'nobody listens')
  }
  const replayed = await ended(world.inspector.replay(world.pass({})))
  assert.deepEqual(replayed.error, { code: 'SP_ORIGIN_REFUSED', message: 'nobody listens' })
  world.answer = () => ({
    status: 200,
    reason: '',
    fields: [],
    body: (async function* () {
      yield* pieces('begin')
      throw new Error('socket hang up')
    })(),
  })
  const broken = await ended(world.inspector.replay(world.pass({})))
  assert.equal(broken.error?.code, 'SP_ORIGIN_LOST')
  assert.equal(broken.responseBody.bytes.toString(), 'begin')
  assert.equal(world.clock.pendingTimers, 0)
})
