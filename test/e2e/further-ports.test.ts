// Names on ports beside the front door's: leased like tcp ports, shared by names, closed with the last.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { connect } from 'node:net'
import { agentAlpn } from '@sallyport/protocol'
import { deadline, until } from '../support/deadline.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { addKey, joinAgent, publicPort } from '../support/joined-agent.ts'
import { ask } from '../support/neighbourhood.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { endOf } from '../support/socket-end-kind.ts'
import { visit, visitTls } from '../support/visitor.ts'

/** Whether anything listens there. */
async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const answer = Promise.race([
    until(socket, 'connect').then(() => true),
    endOf(socket).then(() => false),
  ])
  const isOpen = await deadline(answer, 5_000, 'answer of the port').catch(() => false)
  socket.destroy()
  return isOpen
}

/** A port of the range that nothing else uses now: the relay picks it, and gives it back. */
async function freePort(relay: Awaited<ReturnType<typeof startInProcessRelay>>): Promise<number> {
  const agent = await joinAgent(relay, 1, { url: 'tcp://:0', channelTimeoutSeconds: 1 })
  const port = publicPort(agent)
  await agent.destroy()
  await relay.event('release', (event) => event.event === 'route' && event.state === 'released')
  return port
}

test('further port: two names of two keys share one, and it closes with the last lease', async () => {
  await using relay = await startInProcessRelay()
  const port = await freePort(relay)
  const key = await addKey(relay, 'second', `two.test,tcp:${port}`)
  await using origin = await startOrigin(echo)
  const one = await joinAgent(relay, origin.port, {
    url: `tls://one.test:${port}`,
    channelTimeoutSeconds: 1,
  })
  assert.equal(one.url, `tls://one.test:${port}`)
  const two = await joinAgent(relay, origin.port, {
    url: `tls://two.test:${port}`,
    key,
    channelTimeoutSeconds: 1,
  })
  for (const name of ['one.test', 'two.test']) {
    await using visitor = await visitTls(port, 'TLSv1.3', name)
    assert.equal(await ask(visitor, name), name)
  }
  const isReleased = (name: string) =>
    relay.event(
      `release of ${name}`,
      (event) => event.event === 'route' && event.state === 'released' && event.url.includes(name),
    )
  await one.destroy()
  await isReleased('one.test')
  await using visitor = await visitTls(port, 'TLSv1.3', 'two.test')
  assert.equal(await ask(visitor, 'still'), 'still')
  await two.destroy()
  await isReleased('two.test')
  assert.equal(await listens(port), false)
})

test("further port: the front door does not serve its names, nor it the front door's", async () => {
  await using relay = await startInProcessRelay()
  const port = await freePort(relay)
  await using origin = await startOrigin(echo)
  await using _agent = await joinAgent(relay, origin.port, {
    url: [`tls://there.test:${port}`, 'tls://here.test'],
  })
  for (const [at, servername] of [
    [relay.port, 'there.test'],
    [port, 'here.test'],
  ] as const) {
    const socket = connectTls({ port: at, host: '127.0.0.1', servername })
    assert.match(String((await until(socket, 'error'))[0]), /unrecognized name/i)
  }
})

test('further port: takes visitors only, no agents', async () => {
  await using relay = await startInProcessRelay()
  const port = await freePort(relay)
  await using origin = await startOrigin(echo)
  await using _agent = await joinAgent(relay, origin.port, { url: `tls://a.test:${port}` })
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: 'a.test',
    ALPNProtocols: [agentAlpn],
  })
  assert.match(String((await until(socket, 'error'))[0]), /no application protocol/i)
})

test('further port: a passthrough name may have one', async () => {
  await using relay = await startInProcessRelay()
  const port = await freePort(relay)
  await using origin = await startOrigin((socket) =>
    socket.once('data', () => socket.end('no TLS at all')),
  )
  await using agent = await joinAgent(relay, origin.port, { url: `passthrough://a.test:${port}` })
  assert.equal(agent.url, `passthrough://a.test:${port}`)
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'a.test' })
  // What the origin says is no TLS, and reaches the visitor as it is.
  assert.match(String((await until(socket, 'error'))[0]), /wrong version number|packet length/i)
})

test('further port: one that a tcp route holds is refused, and nothing of that agent stays', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startOrigin(echo)
  await using holder = await joinAgent(relay, origin.port, { url: 'tcp://:0' })
  const taken = publicPort(holder)
  const key = await addKey(relay, 'second', '*')
  const asking = joinAgent(relay, origin.port, {
    url: ['tls://free.test', `tls://a.test:${taken}`],
    key,
  })
  await assert.rejects(asking, { code: 'SP_PORT_TAKEN' })
  const socket = connectTls({ port: relay.port, host: '127.0.0.1', servername: 'free.test' })
  assert.match(String((await until(socket, 'error'))[0]), /unrecognized name/i)
  await using visitor = await visit(taken)
  assert.equal(await ask(visitor, 'still held'), 'still held')
})

test('further port: the permission for the name alone does not open one', async () => {
  await using relay = await startInProcessRelay()
  const key = await addKey(relay, 'second', 'a.test')
  const asking = joinAgent(relay, 1, { url: 'tls://a.test:20005', key })
  await assert.rejects(asking, {
    code: 'SP_NOT_PERMITTED',
    message: /port 20005 .*may claim a\.test/,
  })
})
