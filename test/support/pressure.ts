// What tests of the front door under pressure do, with a relay of its own process and a count of
// descriptors of its own: the same in the fast tier and in that of faults.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { type Socket, createServer, connect as dial } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect } from '@sallyport/agent'
import { formatAuthorization, generateAgentKey } from '@sallyport/protocol'
import { authorizationFor, dialAgentDoor, upgrade } from './bare-agent.ts'
import { Changes } from './changes.ts'
import { deadline } from './deadline.ts'
import { startInProcessRelay } from './in-process-relay.ts'
import { ask } from './neighbourhood.ts'
import { echo, startOrigin } from './origin.ts'
import { runAgent, startTestAgent, startTestRelay } from './tunnel.ts'
import { type Visitor, visit, visitTls } from './visitor.ts'

/** Opens a socket that says nothing; settles when it stands or is gone. */
async function callSilently(port: number): Promise<Socket> {
  const socket = dial({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  return socket
}

/**
 * A relay with so many descriptors and twice as many callers, who come while `guests` visitors are
 * served: none of these is harmed, a new agent comes in, and one that lost its session is back.
 */
export async function fullHouse(descriptors: number, guests: number): Promise<void> {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay({ descriptors })
  const args = [String(origin.port), '--url', 'tcp://:0']
  await using first = await startTestAgent(relay, args)
  await using line = await startLine(relay.port)
  const join = relay.join.replace(/:\d+\?/, `:${line.port}?`)
  await using restless = await connect(origin.port, { join, url: 'tcp://:0' })
  const live: Visitor[] = []
  const crowd: Socket[] = []
  const gone = new Changes()
  const askAll = async (): Promise<void> => {
    const answers = await Promise.all(live.map((guest) => ask(guest, 'here?')))
    assert.deepEqual(new Set(answers), new Set(['here?']))
  }
  try {
    while (live.length < guests) live.push(await visit(first.port))
    await askAll()
    for (let at = 0; at < descriptors; at++) {
      for (const port of [first.port, relay.port]) {
        const caller = await callSilently(port)
        caller.once('close', () => gone.tell())
        crowd.push(caller)
      }
    }
    await askAll()
    // Whom the relay turned away finds out a little later.
    const here = (): number => crowd.filter((socket) => !socket.destroyed).length
    const isTurnedAway = (): boolean => here() + guests < descriptors
    await gone.until('end of who is one too many', isTurnedAway, () => `${here()} are in`)
    assert.ok(here() > descriptors / 8, `${here()} callers are in`)
    const lost = new Promise<void>((resolve) => restless.on('lost', () => resolve()))
    const back = new Promise<void>((resolve) => restless.on('ready', () => resolve()))
    line.cut()
    await deadline(lost, 10_000, 'loss of the session')
    await using second = runAgent(relay.join, [...args, '--no-retry'])
    await second.event('ready')
    await deadline(back, 10_000, 'return of the agent')
    await askAll()
    assert.equal(live.filter(({ socket }) => socket.destroyed).length, 0)
  } finally {
    for (const socket of crowd) socket.destroy()
    for (const { socket } of live) socket.destroy()
  }
  await comeUntilServed(first.port)
}

/** Between an agent and its relay: a line that can be cut, and stands again at once. */
async function startLine(port: number) {
  const ends = new Set<Socket>()
  const server = createServer((agent) => {
    const relay = dial({ port, host: '127.0.0.1' })
    for (const end of [agent, relay]) {
      ends.add(end)
      end.on('error', () => {})
      end.on('close', () => ends.delete(end))
    }
    agent.pipe(relay).pipe(agent)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const cut = (): void => {
    for (const end of ends) end.destroy()
  }
  return {
    port: address.port,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

/** The crowd's sockets are closed here before the relay has seen it; there is room within 2 s. */
async function comeUntilServed(port: number): Promise<void> {
  const endMs = performance.now() + 2_000
  for (let tries = 0; ; tries++) {
    const isServed = await comeOnce(port).then(
      () => true,
      () => false,
    )
    if (isServed) return
    assert.ok(performance.now() < endMs, `turned away ${tries} times`)
  }
}

async function comeOnce(port: number): Promise<void> {
  await using late = await visit(port)
  late.socket.write('y')
  await deadline(once(late.socket, 'data'), 5_000, 'answer')
}

/** `count` callers who say nothing; then `visits` good ones: their 99th percentile is 500 ms at most. */
export async function silentCallers(count: number, visits: number): Promise<void> {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tls://a.test'])
  assert.equal(agent.url.hostname, 'a.test')
  const crowd: Socket[] = []
  try {
    for (let at = 0; at < count; at++) crowd.push(await callSilently(relay.port))
    const times: number[] = []
    for (let at = 0; at < visits; at++) {
      const startMs = performance.now()
      await using visitor = await visitTls(relay.port, 'TLSv1.3', 'a.test')
      visitor.socket.write('x')
      await deadline(once(visitor.socket, 'data'), 5_000, 'answer')
      times.push(performance.now() - startMs)
    }
    times.sort((one, other) => one - other)
    const p99 = times[Math.ceil(times.length * 0.99) - 1] ?? Infinity
    assert.ok(p99 <= 500, `the 99th percentile is ${Math.round(p99)} ms`)
  } finally {
    for (const socket of crowd) socket.destroy()
  }
}

/** Proofs that are wrong, in turn: an unknown key's, another connection's, random bytes. */
export async function forgeries(count: number): Promise<void> {
  await using house = await startInProcessRelay()
  const stranger = generateAgentKey()
  // Good, but for the connection that it was made on.
  const old = await dialAgentDoor(house.port)
  const replayed = authorizationFor(old, house.key)
  old.destroy()
  const kinds = [
    (socket: TLSSocket) => authorizationFor(socket, stranger),
    () => replayed,
    () => formatAuthorization(house.key.keyId, randomBytes(64)),
  ]
  let next = 0
  let accepted = 0
  const forge = async (): Promise<void> => {
    while (next < count) {
      const kind = kinds[next++ % kinds.length]
      const socket = await dialAgentDoor(house.port)
      const authorization = kind?.(socket) ?? ''
      await upgrade(socket, authorization).then(
        () => accepted++,
        (error: unknown) => assert.match(String(error), /response: 401/),
      )
      socket.destroy()
    }
  }
  await Promise.all([forge(), forge(), forge(), forge()])
  assert.equal(accepted, 0)
  const refusals = house.events.filter(({ event }) => event === 'agent-refused')
  assert.equal(refusals.length, count)
  // The same by the rule is let in.
  const socket = await dialAgentDoor(house.port)
  const ws = await upgrade(socket, authorizationFor(socket, house.key))
  ws.terminate()
}
