// Visitors at once of one route and of one agent: those above the cap are turned away, nobody else
// notices, and it is counted.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { RelayOptions } from '@sallyport/relay'
import { deadline } from '../support/deadline.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { addKey, joinAgent, publicPort } from '../support/joined-agent.ts'
import { ask } from '../support/neighbourhood.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { endOf } from '../support/socket-end-kind.ts'
import { type Visitor, visit } from '../support/visitor.ts'

const roomy: NonNullable<RelayOptions['gate']> = {
  perAddress: 1_000,
  newPerSecond: 1_000,
  unprovenPerAddress: 100,
  undecided: 1_000,
  visitors: 1_000,
  visitorsPerRoute: 1_000,
  visitorsPerAgent: 1_000,
  agents: 100,
  isLoopbackExempt: true,
}

/** A visitor who is served. */
async function serve(port: number): Promise<Visitor> {
  const visitor = await visit(port)
  assert.equal(await deadline(ask(visitor, 'here?'), 5_000, 'answer'), 'here?')
  return visitor
}

/** How one ends who is not let in. */
async function turnedAway(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.resume()
  return await deadline(endOf(socket), 5_000, 'end of who is one too many')
}

/** Leaves, and waits until the relay knows. */
async function leave(relay: InProcessRelay, visitor: Visitor): Promise<void> {
  const from = `127.0.0.1:${visitor.socket.localPort}`
  await visitor[Symbol.asyncDispose]()
  await relay.event('end of the visit', (one) => one.event === 'visit' && one.visitor === from)
}

const refused = ({ relay }: InProcessRelay, why: string) => relay.status().refused[why]

test('crowds: a route is full at its cap, others are not, and who leaves makes room', async () => {
  await using relay = await startInProcessRelay({ gate: { ...roomy, visitorsPerRoute: 2 } })
  await using origin = await startOrigin(echo)
  await using agent = await joinAgent(relay, origin.port, { url: ['tcp://:0', 'tcp://:0'] })
  const [port = 0, other = 0] = agent.routes.map(({ url }) => Number(new URL(url).port))
  const first = await serve(port)
  await using _second = await serve(port)
  assert.equal(await turnedAway(port), 'reset')
  assert.equal(refused(relay, 'visitors-of-route'), 1)
  const told = relay.events.findLast(({ event }) => event === 'visit')
  assert.match(JSON.stringify(told), /"endedBy":"relay".*the route has as many visitors as it may/)
  const counts = relay.relay.status().routes.map(({ visitors }) => visitors)
  assert.deepEqual(counts, [2, 0])
  await using _elsewhere = await serve(other)
  await leave(relay, first)
  await using _third = await serve(port)
})

test('crowds: an agent is full over all its routes and sessions; another agent is not', async () => {
  await using relay = await startInProcessRelay({ gate: { ...roomy, visitorsPerAgent: 3 } })
  await using origin = await startOrigin(echo)
  await using agent = await joinAgent(relay, origin.port, {
    url: ['tcp://:0', 'tcp://:0'],
    connections: 2,
  })
  const [port = 0, other = 0] = agent.routes.map(({ url }) => Number(new URL(url).port))
  await relay.event('second session', (one) => one.event === 'route' && one.state === 'served')
  const first = await serve(port)
  await using _second = await serve(other)
  await using _third = await serve(other)
  assert.equal(await turnedAway(port), 'reset')
  assert.equal(await turnedAway(other), 'reset')
  assert.equal(refused(relay, 'visitors-of-agent'), 2)
  const key = await addKey(relay, 'second', '*')
  await using neighbour = await joinAgent(relay, origin.port, { url: 'tcp://:0', key })
  await using _elsewhere = await serve(publicPort(neighbour))
  await leave(relay, first)
  await using _fourth = await serve(port)
})

test('crowds: in a pool the others get whom a full member may not', async () => {
  await using relay = await startInProcessRelay({ gate: { ...roomy, visitorsPerAgent: 2 } })
  await using a = await startOrigin(echo)
  await using b = await startOrigin(echo)
  await using one = await joinAgent(relay, a.port, { url: 'tcp://:0', pool: 'blue' })
  const port = publicPort(one)
  const visitors: Visitor[] = []
  try {
    for (let at = 0; at < 2; at++) visitors.push(await serve(port))
    const key = await addKey(relay, 'second', '*')
    const url = `tcp://:${port}`
    await using _two = await joinAgent(relay, b.port, { url, pool: 'blue', key })
    for (let at = 0; at < 2; at++) visitors.push(await serve(port))
    assert.equal(await turnedAway(port), 'reset')
    // Health checks dial the origins as well.
    assert.equal(refused(relay, 'visitors-of-agent'), 1)
    for (const visitor of visitors) assert.equal(await ask(visitor, 'still?'), 'still?')
  } finally {
    for (const visitor of visitors) await visitor[Symbol.asyncDispose]()
  }
})

test('crowds: a full route parks nobody above its cap while its agent is away', async () => {
  await using relay = await startInProcessRelay({ gate: { ...roomy, visitorsPerRoute: 2 } })
  await using origin = await startOrigin(echo)
  const agent = await joinAgent(relay, origin.port, { url: 'tcp://:0' })
  const port = publicPort(agent)
  await agent.destroy()
  await relay.event('away', (one) => one.event === 'route' && one.state === 'away')
  await using one = await visit(port)
  await using other = await visit(port)
  assert.equal(await turnedAway(port), 'reset')
  await using _back = await joinAgent(relay, origin.port, { url: `tcp://:${port}` })
  for (const visitor of [one, other]) assert.equal(await ask(visitor, 'kept?'), 'kept?')
})
