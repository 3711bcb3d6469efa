// How an agent ends, and what does not end it, against a relay that says what the test wants.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { closeCodeOf, computePin, generateAgentKey } from '@sallyport/protocol'
import { startAgent } from '../../../test/support/agent-rig.ts'
import { deadline } from '../../../test/support/deadline.ts'
import { echo, startOrigin } from '../../../test/support/origin.ts'
import { startStandInRelay } from '../../../test/support/stand-in-relay.ts'
import { type DialRelay, dialRelay } from './relay-dialler.ts'

const refusals = [
  ['SP_NOT_PERMITTED', 4],
  ['SP_ROUTE_HELD', 4],
  ['SP_PORT_TAKEN', 4],
  ['SP_VERSION', 4],
  ['SP_KEY_REFUSED', 4],
  ['SP_REPLACED', 8],
] as const
for (const [code, exit] of refusals) {
  test(`agent: ${code}, by notice or by close code, ends it for good`, async () => {
    for (const isSaid of [true, false]) {
      await using relay = await startStandInRelay({ isRegistering: false })
      await using rig = startAgent(relay)
      const session = await relay.session(0)
      await session.message('register')
      if (isSaid) session.send({ type: 'notice', code, message: 'no, because', fatal: true })
      session.close(closeCodeOf(code))
      const reason = await rig.stopped()
      assert.deepEqual([reason?.code, reason?.exit], [code, exit])
      if (isSaid) assert.equal(reason?.message, 'no, because')
      assert.deepEqual(rig.names(), ['refused', 'stopped'])
    }
  })
}

test('agent: a refusal of one session ends the others too', async () => {
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, { settings: { connections: 2 } })
  await (await relay.session(1)).message('register')
  const first = await relay.session(0)
  first.close(closeCodeOf('SP_REPLACED'))
  assert.equal((await rig.stopped())?.code, 'SP_REPLACED')
  await relay.ended(2)
})

test('agent: a fault that only the relay has is no reason to stop', async () => {
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay)
  await rig.event('ready')
  const session = await relay.session(0)
  session.send({ type: 'notice', code: 'SP_INTERNAL', message: 'a fault', fatal: true })
  session.close(closeCodeOf('SP_INTERNAL'))
  assert.equal((await rig.event('lost')).code, 'SP_SESSION_LOST')
  await rig.event('ready', 1)
})

const breaches: readonly (readonly [what: string, bytes: Buffer | undefined])[] = [
  ['a wrong message', Buffer.from('\0\0\0\x02{}')],
  ['a length beyond the bound', Buffer.from('ffffffff', 'hex')],
  ['other routes than asked', message({ type: 'registered', routes: [route('r7')] })],
  ['a route more than asked', message({ type: 'registered', routes: [route('r0'), route('r1')] })],
  ['the end of the control stream', undefined],
]
for (const [what, bytes] of breaches) {
  test(`agent: ${what} from the relay ends the session with SP_PROTOCOL, and is tried again`, async () => {
    await using relay = await startStandInRelay({ isRegistering: false })
    await using rig = startAgent(relay)
    const session = await relay.session(0)
    await session.message('register')
    if (bytes) session.sendBytes(bytes)
    else session.endControl()
    await session.closed()
    assert.equal(session.closeCode, closeCodeOf('SP_PROTOCOL'))
    assert.equal((await rig.event('reconnecting')).code, 'SP_PROTOCOL')
    await relay.session(1)
  })
}

function route(id: string): { id: string; url: string; generation: number } {
  return { id, url: `https://${id}.test`, generation: 1 }
}

function message(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

test('agent: a wrong key and a wrong pin end it with their codes, silence does not', async () => {
  await using relay = await startStandInRelay()
  const key = generateAgentKey()
  await using wrongKey = startAgent(relay, { settings: { join: { ...relay.join, key } } })
  assert.equal((await wrongKey.stopped())?.exit, 4)
  const pin = computePin(Buffer.from('another'))
  await using wrongPin = startAgent(relay, { settings: { join: { ...relay.join, pin } } })
  assert.equal((await wrongPin.stopped())?.exit, 6)
  assert.deepEqual(wrongPin.names(), ['refused', 'stopped'])
})

test('agent: with retry off an unreachable relay ends it with 5', async () => {
  const gone = await startStandInRelay()
  await gone[Symbol.asyncDispose]()
  await using rig = startAgent(gone, { settings: { retry: false } })
  assert.equal((await rig.stopped())?.exit, 5)
  assert.deepEqual(rig.names(), ['stopped'])
})

test('agent: close lets running visitors finish, and serves those still on their way', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, { port: origin.port })
  await rig.event('ready')
  const session = await relay.session(0)
  const running = session.visit('r0', 'one')
  await running.until('an echo', () => running.receivedBytes === 3)
  const closing = rig.agent.close()
  await session.message('draining')
  const late = session.visit('r0', 'late')
  late.stream.end()
  await late.ended()
  assert.equal(late.bytes.toString(), 'late')
  assert.equal(session.isClosed, false)
  running.stream.write(Buffer.from('two'))
  running.stream.end()
  await running.ended()
  assert.equal(running.bytes.toString(), 'onetwo')
  await deadline(closing, 5_000, 'end of the drain')
  assert.equal(await rig.stopped(), undefined)
  await session.closed()
  assert.equal(session.closeCode, closeCodeOf('SP_DRAINING'))
  assert.deepEqual(rig.names(), ['ready', 'draining', 'visit', 'visit', 'stopped'])
})

test('agent: close serves a visitor that was on its way when there was none', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, { port: origin.port })
  await rig.event('ready')
  const session = await relay.session(0)
  const closing = rig.agent.close()
  await session.message('draining')
  const late = session.visit('r0', 'late')
  late.stream.end()
  await late.ended()
  assert.equal(late.bytes.toString(), 'late')
  await deadline(closing, 5_000, 'end of the drain')
})

test('agent: has stopped once its sockets to the relay are gone', async () => {
  await using relay = await startStandInRelay()
  const sockets: Socket[] = []
  const watched: DialRelay = (join, events) =>
    dialRelay(join, {
      ...events,
      connected(ws, socket) {
        sockets.push(socket)
        events.connected(ws, socket)
      },
    })
  await using rig = startAgent(relay, { world: { dialRelay: watched } })
  await rig.event('ready')
  await rig.agent.close()
  assert.deepEqual(
    sockets.map(({ closed }) => closed),
    [true],
  )
})

test('agent: what still runs after the grace is cut off, by RST', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay, { port: origin.port, world: { drainGraceMs: 100 } })
  await rig.event('ready')
  const visitor = (await relay.session(0)).visit('r0', 'x')
  await visitor.until('an echo', () => visitor.receivedBytes === 1)
  await rig.agent.close()
  assert.equal((await rig.stopped())?.code, 'SP_ABORTED')
  assert.equal(await deadline(origin.endOf(0), 5_000, 'end at the origin'), 'reset')
})

test('agent: a relay that leaves first, with nothing to drain, makes the drain a success', async () => {
  await using relay = await startStandInRelay()
  await using rig = startAgent(relay)
  await rig.event('ready')
  const closing = rig.agent.close()
  const session = await relay.session(0)
  await session.message('draining')
  session.close(closeCodeOf('SP_DRAINING'))
  await deadline(closing, 5_000, 'end of the drain')
  assert.equal(await rig.stopped(), undefined)
})

test('agent: destroy ends at once in whatever state, and leaves no socket', async () => {
  const isUpgrading = Promise.withResolvers<void>()
  const silent = {
    onUpgrade: (_: unknown, socket: Socket) => {
      socket.resume()
      isUpgrading.resolve()
    },
  }
  for (const options of [silent, { isRegistering: false }, {}]) {
    await using relay = await startStandInRelay(options)
    await using rig = startAgent(relay)
    if (options === silent) await deadline(isUpgrading.promise, 5_000, 'upgrade')
    else await (await relay.session(0)).message('register')
    await deadline(rig.agent.destroy(), 5_000, 'end of the agent')
    assert.equal(await rig.stopped(), undefined)
    await relay.ended(1)
  }
})
