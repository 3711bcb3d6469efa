// The embedding API.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { type SallyportError, generateAgentKey } from '@sallyport/protocol'
import { deadline } from '../../../test/support/deadline.ts'
import { echo, startOrigin } from '../../../test/support/origin.ts'
import { startStandInRelay } from '../../../test/support/stand-in-relay.ts'
import { type ConnectOptions, connect } from './index.ts'

test('connect: resolves when visitors can come, and disposal ends it', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  {
    await using agent = await connect(origin.port, {
      join: relay.join,
      url: ['https:', 'tcp://:0'],
      remoteForwards: ['22:localhost:22'],
    })
    assert.equal(agent.url, 'https://r0.test')
    assert.deepEqual(
      agent.routes.map(({ url, target }) => `${url} ${target}`),
      [
        `https://r0.test localhost:${origin.port}`,
        `tcp://127.0.0.1:2002 localhost:${origin.port}`,
        'tcp://127.0.0.1:2003 localhost:22',
      ],
    )
    const visitor = (await relay.session(0)).visit('r1', 'hello')
    visitor.stream.end()
    await visitor.ended()
    assert.equal(visitor.bytes.toString(), 'hello')
  }
  await relay.allEnded()
})

test('connect: hands visitors to a server that does not listen', async () => {
  await using relay = await startStandInRelay()
  const server = createServer((_request, response) => response.end('from the server'))
  await using agent = await connect(server, { join: relay.join })
  const visitor = (await relay.session(0)).visit('r0', 'GET / HTTP/1.0\r\n\r\n')
  await visitor.ended()
  assert.match(visitor.bytes.toString(), /from the server$/)
  assert.equal(server.listening, false)
  visitor.stream.end()
  assert.equal(agent.routes[0]?.target, 'a server of this program')
})

test('connect: rejects with why the relay refused', async () => {
  await using relay = await startStandInRelay()
  const join = { ...relay.join, key: generateAgentKey() }
  await assert.rejects(connect(3000, { join }), { code: 'SP_KEY_REFUSED' })
  await relay.allEnded()
})

test('connect: an aborted signal ends it at once, before it is ready and after', async () => {
  await using relay = await startStandInRelay({ isRegistering: false })
  const early = new AbortController()
  const connecting = connect(3000, { join: relay.join, signal: early.signal })
  await (await relay.session(0)).message('register')
  early.abort(new Error('enough'))
  await assert.rejects(connecting, /enough/)
  await assert.rejects(connect(3000, { join: relay.join, signal: early.signal }), /enough/)

  await using other = await startStandInRelay()
  const late = new AbortController()
  const agent = await connect(3000, { join: other.join, signal: late.signal })
  late.abort()
  assert.equal(await deadline(agent.stopped, 5_000, 'end of the agent'), undefined)
  await other.allEnded()
})

const wrong: readonly (readonly [Partial<ConnectOptions>, RegExp, target?: string])[] = [
  [{ join: 'sallyport://' }, /^join string \(join\)/],
  [{ url: 'ftp://x' }, /^route url \(url\)/],
  [{ remoteForwards: ['x'] }, /^forwarding \(remoteForwards\)/],
  [{ channelTimeoutSeconds: 0.5 }, /^option \(channelTimeoutSeconds\): "0\.5"/],
  [{ connections: 9 }, /^option \(connections\): "9"/],
  [{}, /^target \(target\): "nowhere"/, 'nowhere'],
]
for (const [options, expected, target = '3000'] of wrong) {
  test(`connect: refuses ${JSON.stringify({ target, ...options })}`, async () => {
    await using relay = await startStandInRelay()
    await assert.rejects(
      connect(target, { join: relay.join, ...options }),
      (error: SallyportError) => expected.test(error.message) && error.exit !== 1,
    )
    assert.equal(relay.connections, 0)
  })
}
