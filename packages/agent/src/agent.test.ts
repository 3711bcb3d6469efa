// The whole agent against a relay that says what the test wants; how it ends is agent-ends.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCodeOf } from '@sallyport/protocol'
import { startAgent } from '../../../test/support/agent-rig.ts'
import { deadline } from '../../../test/support/deadline.ts'
import { echo, startOrigin } from '../../../test/support/origin.ts'
import { startStandInRelay } from '../../../test/support/stand-in-relay.ts'

test('agent: says hello and register in one go, and is ready once they are granted', async () => {
  await using relay = await startStandInRelay({ isRegistering: false })
  await using rig = startAgent(relay, { urls: ['https:', 'tcp://:0'] })
  const session = await relay.session(0)
  const register = await session.message('register')
  assert.deepEqual(register, {
    type: 'register',
    channelTimeoutSeconds: 7,
    routes: [
      { id: 'r0', url: 'https:' },
      { id: 'r1', url: 'tcp://:0' },
    ],
  })
  const { process, ...hello } = await session.message('hello')
  assert.match(process, /^[\w-]{22}$/)
  assert.deepEqual(hello, {
    type: 'hello',
    version: 1,
    software: 'test/1',
    connection: 0,
    held: {},
  })
  assert.equal(rig.agent.isReady, false)
  session.grant(register.routes, 5)
  assert.deepEqual(await rig.event('ready'), {
    event: 'ready',
    url: 'https://r0.test',
    routes: [
      { id: 'r0', url: 'https://r0.test', target: '127.0.0.1:3000' },
      { id: 'r1', url: 'tcp://127.0.0.1:2002', target: '127.0.0.1:3000' },
    ],
  })
  assert.equal(rig.agent.url, 'https://r0.test')
  assert.equal(rig.agent.isReady, true)
})

test('agent: comes back with what it held, and asks for the port that it had', async () => {
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, { urls: ['https:', 'tcp://:0'] })
  await rig.event('ready')
  relay.cut()
  const session = await relay.session(1)
  const hello = await session.message('hello')
  assert.deepEqual(hello.held, { 'https://r0.test': 1, 'tcp://127.0.0.1:2002': 1 })
  assert.equal(hello.process, (await (await relay.session(0)).message('hello')).process)
  const { routes } = await session.message('register')
  assert.deepEqual(
    routes.map(({ url }) => url),
    ['https:', 'tcp://:2002'],
  )
  await rig.event('ready', 1)
  assert.deepEqual(rig.names(), ['ready', 'lost', 'reconnecting', 'ready'])
  assert.equal((await rig.event('lost')).code, 'SP_SESSION_LOST')
})

test('agent: carries visitors, and a lost session is RST for the origin', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, { port: origin.port })
  await rig.event('ready')
  const visitor = (await relay.session(0)).visit('r0', 'hello')
  await visitor.until('an echo', () => visitor.receivedBytes === 5)
  relay.cut()
  assert.equal(await deadline(origin.endOf(0), 5_000, 'end at the origin'), 'reset')
  const { visitor: from, endedBy } = await rig.event('visit')
  assert.deepEqual([from, endedBy], ['192.0.2.7', 'visitor'])
})

test('agent: further sessions say hello once the first has its routes', async () => {
  await using relay = await startStandInRelay({ isRegistering: false })
  await using rig = startAgent(relay, { settings: { connections: 3 }, urls: ['tcp://:0'] })
  const first = await relay.session(0)
  const { routes } = await first.message('register')
  assert.equal(relay.connections, 1)
  first.grant(routes)
  await rig.event('ready')
  const others = [await relay.session(1), await relay.session(2)]
  const hellos = await Promise.all([first, ...others].map((session) => session.message('hello')))
  assert.deepEqual(new Set(hellos.map(({ connection }) => connection)), new Set([0, 1, 2]))
  assert.equal(new Set(hellos.map(({ process }) => process)).size, 1)
  for (const session of others) {
    assert.deepEqual((await session.message('hello')).held, { 'tcp://127.0.0.1:2001': 1 })
    const register = await session.message('register')
    assert.equal(register.routes[0]?.url, 'tcp://:2001')
    session.grant(register.routes)
  }
  // One of three sessions is no outage.
  await rig.event('ready')
  first.close(closeCodeOf('SP_SESSION_LOST'))
  assert.equal((await rig.event('reconnecting')).connection, 0)
  assert.deepEqual(rig.names(), ['ready', 'reconnecting'])
})

test('agent: passes on what the relay says, and that it shuts down', async () => {
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay)
  await rig.event('ready')
  const session = await relay.session(0)
  session.send({ type: 'notice', code: 'SP_PORT_TAKEN', message: 'soon', fatal: false })
  session.send({ type: 'draining' })
  assert.deepEqual(await rig.event('notice'), {
    event: 'notice',
    code: 'SP_PORT_TAKEN',
    message: 'soon',
  })
  assert.deepEqual(await rig.event('draining'), { event: 'draining', by: 'relay' })
  assert.equal(rig.agent.isReady, true)
})

test('agent: says at start when nothing listens at the target, and when it answers again', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, {
    port: origin.port,
    world: { findListener: () => Promise.resolve(false) },
  })
  const told = await rig.event('origin')
  assert.deepEqual([told.state, told.target], ['refused', `127.0.0.1:${origin.port}`])
  await rig.event('ready')
  const visitor = (await relay.session(0)).visit('r0', 'x')
  await visitor.until('an echo', () => visitor.receivedBytes === 1)
  assert.equal((await rig.event('origin', 1)).state, 'answering')
})
