// Who serves a route, and who does no longer (docs/protocol.md §7): leases, generations, key removal,
// seen by agents on the real wire.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { type AgentKey, type ErrorCode, generateAgentKey } from '@sallyport/protocol'
import { createAgent } from '@sallyport/relay'
import { type BareAgent, connectBareAgent, echoStream, newProcess } from '../support/bare-agent.ts'
import { deadline, until } from '../support/deadline.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { visit, visitTls } from '../support/visitor.ts'

const url = 'tls://app.test'

/** An agent that serves and counts its visitors. */
async function serve(
  relay: InProcessRelay,
  options: { key?: AgentKey; process?: string; connection?: number; held?: Record<string, number> },
): Promise<{ agent: BareAgent; visits: () => number }> {
  let visits = 0
  const agent = await connectBareAgent({
    ...relay,
    ...options,
    onStream: (stream) => {
      visits++
      echoStream(stream)
    },
  })
  return { agent, visits: () => visits }
}

async function visitApp(port: number): Promise<void> {
  await using visitor = await visitTls(port, 'TLSv1.3', 'app.test')
  visitor.socket.write('hello')
  const [answer] = await until(visitor.socket, 'data')
  assert.equal(String(answer), 'hello')
}

/** The agent is refused: a fatal notice, then the close. */
async function expectRefusal(
  agent: BareAgent,
  code: ErrorCode,
  closeCode: number,
): Promise<string> {
  const closed = await deadline(agent.closed, 5_000, 'close by the relay')
  const notice = await agent.message('notice')
  assert.deepEqual([notice.code, notice.fatal, closed.closeCode], [code, true, closeCode])
  return notice.message
}

function ask(agent: BareAgent, urls: readonly string[], pool?: string): void {
  const routes = urls.map((one, index) => ({ id: `r${index}`, url: one, ...(pool && { pool }) }))
  agent.send({ type: 'register', channelTimeoutSeconds: 100, routes })
}

test('sessions: a newer process takes over in one round trip; the older serves nothing more', async () => {
  await using relay = await startInProcessRelay()
  const old = await serve(relay, {})
  const [before] = await old.agent.register([url])
  await visitApp(relay.port)
  const fresh = await serve(relay, {})
  const [after] = await fresh.agent.register([url])
  assert.ok(before && after && after.generation > before.generation)
  await expectRefusal(old.agent, 'SP_REPLACED', 4001)
  for (let round = 0; round < 5; round++) await visitApp(relay.port)
  assert.deepEqual([old.visits(), fresh.visits()], [1, 5])
  await fresh.agent[Symbol.asyncDispose]()
})

test('sessions: a takeover of one route leaves the others to the older process', async () => {
  await using relay = await startInProcessRelay()
  const old = await serve(relay, {})
  await old.agent.register([url, 'tls://stays.test'])
  const fresh = await serve(relay, {})
  await fresh.agent.register([url])
  const notice = await old.agent.message('notice')
  assert.deepEqual([notice.code, notice.fatal], ['SP_REPLACED', false])
  await visitApp(relay.port)
  await using visitor = await visitTls(relay.port, 'TLSv1.3', 'stays.test')
  visitor.socket.write('x')
  await until(visitor.socket, 'data')
  assert.deepEqual([old.visits(), fresh.visits()], [1, 1])
  for (const { agent } of [old, fresh]) await agent[Symbol.asyncDispose]()
})

test('sessions: a running visit of a fenced session ends without a clean end', async () => {
  await using relay = await startInProcessRelay()
  const old = await serve(relay, {})
  const [route] = await old.agent.register(['tcp://:0'])
  assert.ok(route)
  const port = Number(new URL(route.url).port)
  await using visitor = await visit(port)
  visitor.socket.write('x')
  await until(visitor.socket, 'data')
  const fresh = await serve(relay, {})
  await fresh.agent.register([`tcp://:${port}`])
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
  await fresh.agent[Symbol.asyncDispose]()
})

test('sessions: a TLS visit of a fenced session gets no close_notify', async () => {
  await using relay = await startInProcessRelay()
  const old = await serve(relay, {})
  await old.agent.register([url])
  await using visitor = await visitTls(relay.port, 'TLSv1.2', 'app.test')
  visitor.socket.write('x')
  await until(visitor.socket, 'data')
  const fresh = await serve(relay, {})
  await fresh.agent.register([url])
  await deadline(visitor.ended, 5_000, 'end of the visit')
  assert.equal(visitor.alerts(), 0)
  await fresh.agent[Symbol.asyncDispose]()
})

test('sessions: a process that held an older generation may not steal back', async () => {
  await using relay = await startInProcessRelay()
  const sleeper = await serve(relay, {})
  const [slept] = await sleeper.agent.register([url])
  assert.ok(slept)
  const fresh = await serve(relay, {})
  await fresh.agent.register([url])
  await deadline(sleeper.agent.closed, 5_000, 'close of the fenced session')
  const again = await serve(relay, { held: { [slept.url]: slept.generation } })
  ask(again.agent, [url])
  await expectRefusal(again.agent, 'SP_REPLACED', 4001)
  await visitApp(relay.port)
  assert.equal(fresh.visits(), 1)
  await fresh.agent[Symbol.asyncDispose]()
})

test('sessions: the same process replaces its dead session, keeps the generation, and joins', async () => {
  await using relay = await startInProcessRelay()
  const process = newProcess()
  const first = await serve(relay, { process })
  const [before] = await first.agent.register([url])
  const again = await serve(relay, { process })
  const [after] = await again.agent.register([url])
  assert.deepEqual(after, before)
  await expectRefusal(first.agent, 'SP_REPLACED', 4001)
  const second = await serve(relay, { process, connection: 1 })
  assert.deepEqual((await second.agent.register([url]))[0], before)
  for (let round = 0; round < 4; round++) await visitApp(relay.port)
  assert.deepEqual([again.visits(), second.visits()], [2, 2])
  for (const { agent } of [again, second]) await agent[Symbol.asyncDispose]()
})

test('sessions: a session may register again, and keeps what it had', async () => {
  await using relay = await startInProcessRelay()
  const { agent, visits } = await serve(relay, {})
  const [before] = await agent.register([url])
  agent.messages.length = 0
  const [same, more] = await agent.register([url, 'tls://more.test'])
  assert.deepEqual(same, before)
  assert.ok(more)
  await visitApp(relay.port)
  assert.deepEqual([agent.session.isClosed, visits()], [false, 1])
  await agent[Symbol.asyncDispose]()
})

test('sessions: another key gets neither a held route nor one that it may not claim', async () => {
  const other = generateAgentKey()
  await using relay = await startInProcessRelay()
  await relay.relay.addAgent(createAgent('other', other.publicKey, 'app.test,tcp:20001'))
  const holder = await serve(relay, {})
  await holder.agent.register([url])
  for (const [urls, code, closeCode, why] of [
    [[url], 'SP_ROUTE_HELD', 4004, /another agent key holds tls:\/\/app\.test/],
    [['tls://b.test'], 'SP_NOT_PERMITTED', 4003, /agent other may claim app\.test,tcp:20001/],
    [['tcp://:20002'], 'SP_NOT_PERMITTED', 4003, /port 20002/],
    [['tcp://:19999'], 'SP_NOT_PERMITTED', 4003, /opens 20000 to 32000/],
    [['passthrough://b.test'], 'SP_NOT_PERMITTED', 4003, /may claim app\.test,tcp:20001/],
    [['passthrough://app.test'], 'SP_ROUTE_HELD', 4004, /another agent key holds/],
    [['nonsense'], 'SP_PROTOCOL', 4006, /nonsense/],
    [['tcp://:20001', 'tcp://:20001'], 'SP_PROTOCOL', 4006, /asks twice/],
  ] as const) {
    const { agent } = await serve(relay, { key: other })
    ask(agent, urls)
    assert.match(await expectRefusal(agent, code, closeCode), why)
  }
  const pooled = await serve(relay, { key: other })
  ask(pooled.agent, [url], 'blue')
  assert.match(await expectRefusal(pooled.agent, 'SP_NOT_PERMITTED', 4003), /pool/)
  await visitApp(relay.port)
  await holder.agent[Symbol.asyncDispose]()
})

test('sessions: a key holds 64 routes, over all its messages and processes', async () => {
  await using relay = await startInProcessRelay()
  const names = (count: number, word: string) =>
    Array.from({ length: count }, (_, index) => `tls://${word}${index}.test`)
  const first = await serve(relay, {})
  await first.agent.register([url, ...names(43, 'a')])
  const second = await serve(relay, {})
  await second.agent.register([...names(20, 'b'), url])
  const third = await serve(relay, {})
  ask(third.agent, ['tls://one.more.test'])
  assert.match(await expectRefusal(third.agent, 'SP_NOT_PERMITTED', 4003), /64 routes/)
  await visitApp(relay.port)
  for (const { agent } of [first, second]) await agent[Symbol.asyncDispose]()
})

test('sessions: of several routes all are granted or none', async () => {
  await using relay = await startInProcessRelay()
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const address = busy.address()
  assert.ok(address !== null && typeof address === 'object')
  const { port } = address
  const site = { tcpPorts: { first: Math.min(port, 20_000), last: Math.max(port, 32_000) } }
  await using wide = await startInProcessRelay(site)
  const { agent } = await serve(wide, {})
  ask(agent, [url, 'tcp://:0', `tcp://:${port}`])
  assert.match(await expectRefusal(agent, 'SP_PORT_TAKEN', 4005), /EADDRINUSE/)
  assert.deepEqual(
    wide.events.filter(({ event }) => event === 'route'),
    [],
  )
  busy.close()
  assert.ok(relay)
})

test('sessions: a removed key loses its sessions and routes at once, and cannot come back', async () => {
  const key = generateAgentKey()
  await using relay = await startInProcessRelay()
  await relay.relay.addAgent(createAgent('guest', key.publicKey, '*'))
  const guest = await serve(relay, { key })
  const [route] = await guest.agent.register(['tcp://:0'])
  const staying = await serve(relay, {})
  await staying.agent.register([url])
  await relay.relay.removeAgent('guest')
  await expectRefusal(guest.agent, 'SP_KEY_REFUSED', 4010)
  await assert.rejects(serve(relay, { key }), /401/)
  const late = connect(Number(new URL(route?.url ?? '').port), '127.0.0.1')
  const [error] = await until(late, 'error')
  assert.ok(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')
  await visitApp(relay.port)
  await staying.agent[Symbol.asyncDispose]()
})

test('sessions: a picked port is the same again after the agent restarted', async () => {
  await using relay = await startInProcessRelay()
  const first = await serve(relay, {})
  const [before] = await first.agent.register(['tcp://:0'])
  await first.agent[Symbol.asyncDispose]()
  await relay.event('away', (event) => event.event === 'route' && event.state === 'away')
  const second = await serve(relay, {})
  const [after] = await second.agent.register(['tcp://:0'])
  assert.equal(after?.url, before?.url)
  // Beside it, another process of the same key gets another port.
  const third = await serve(relay, {})
  const [beside] = await third.agent.register(['tcp://:0'])
  assert.notEqual(beside?.url, after?.url)
  for (const { agent } of [second, third]) await agent[Symbol.asyncDispose]()
})

test('sessions: without authentication anybody serves, on the loopback', async () => {
  await using relay = await startInProcessRelay({ agents: [], insecureNoAuth: true })
  const { agent } = await serve(relay, { key: generateAgentKey() })
  await agent.register([url])
  await visitApp(relay.port)
  await agent[Symbol.asyncDispose]()
  await assert.rejects(startInProcessRelay({ agents: [] }), { code: 'SP_NO_AGENTS' })
})
