// A drain lets what runs finish whole, also where the last bytes wait for a slow reader; what it cuts off
// when its grace is over never looks like an end.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { Changes } from '../support/changes.ts'
import { deadline } from '../support/deadline.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent, publicPort } from '../support/joined-agent.ts'
import { startOrigin } from '../support/origin.ts'
import { readAll, visit } from '../support/visitor.ts'

const MiB = 1024 * 1024
/** More than the windows, and than the sockets of a loopback take by themselves. */
const body = randomBytes(24 * MiB)
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** A visitor who has asked for the body and stopped reading; the origin has written all that it may. */
async function startSlowVisit(relay: InProcessRelay, drainGraceMs: number) {
  const origin = await startOrigin((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(body))
    socket.resume()
  })
  const agent = await joinAgent(relay, origin.port, { url: 'tcp://:0', drainGraceMs })
  const visitor = await visit(publicPort(agent))
  visitor.socket.pause()
  visitor.socket.write('send')
  await deadline(once(visitor.socket, 'readable'), 5_000, 'first bytes')
  return { origin, agent, visitor }
}

/** The relay has heard of the agent's drain: no event tells of it. */
async function drainsAt({ relay }: InProcessRelay): Promise<void> {
  const endMs = performance.now() + 10_000
  while (relay.status().routes[0]?.state !== 'draining') {
    assert.ok(performance.now() < endMs, 'the relay has not heard of the drain')
    await new Promise(setImmediate)
  }
}

test('drain: an agent that ends lets a slow visitor have every byte and the end', async () => {
  await using relay = await startInProcessRelay()
  const { origin, agent, visitor } = await startSlowVisit(relay, 60_000)
  await using _origin = origin
  await using _visitor = visitor
  const closed = agent.close()
  await drainsAt(relay)
  const got = await readAll(visitor)
  visitor.socket.end()
  assert.equal(digest(got), digest(body))
  await deadline(closed, 10_000, 'end of the agent')
  assert.equal(await agent.stopped, undefined)
})

test('drain: a relay that ends lets a slow visitor have every byte and the end', async () => {
  const relay = await startInProcessRelay({ drainGraceMs: 60_000 })
  const { origin, agent, visitor } = await startSlowVisit(relay, 60_000)
  await using _origin = origin
  await using _agent = agent
  await using _visitor = visitor
  const drained = relay.relay.drain()
  const got = await readAll(visitor)
  visitor.socket.end()
  assert.equal(digest(got), digest(body))
  await deadline(drained, 10_000, 'end of the relay')
})

test('drain: an upload to a slow origin arrives whole, and so does the answer to it', async () => {
  await using relay = await startInProcessRelay()
  const changes = new Changes()
  const hash = createHash('sha256')
  let socketOfOrigin: Socket | undefined
  await using origin = await startOrigin((socket) => {
    socketOfOrigin = socket
    socket.pause()
    socket.on('data', (chunk: Buffer) => hash.update(chunk))
    socket.on('end', () => socket.end('thanks'))
    changes.tell()
  })
  const agent = await joinAgent(relay, origin.port, { url: 'tcp://:0', drainGraceMs: 60_000 })
  await using visitor = await visit(publicPort(agent))
  visitor.socket.end(body)
  await changes.until('the visit at the origin', () => socketOfOrigin !== undefined)
  const closed = agent.close()
  await drainsAt(relay)
  socketOfOrigin?.resume()
  assert.equal(String(await readAll(visitor)), 'thanks')
  assert.equal(hash.digest('hex'), digest(body))
  await deadline(closed, 10_000, 'end of the agent')
})

for (const who of ['agent', 'relay'] as const) {
  test(`drain: when the grace of the ${who} is over a visitor gets RST, not an end`, async () => {
    const relay = await startInProcessRelay({ drainGraceMs: 1 })
    const { origin, agent, visitor } = await startSlowVisit(relay, 1)
    await using _origin = origin
    await using _visitor = visitor
    await deadline(who === 'agent' ? agent.close() : relay.relay.drain(), 10_000, 'end')
    await agent.destroy()
    visitor.socket.resume()
    assert.equal(await deadline(visitor.ended, 10_000, 'end of the visit'), 'reset')
    await relay[Symbol.asyncDispose]()
  })
}
