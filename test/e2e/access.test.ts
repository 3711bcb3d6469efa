// Who may visit a route, by address: the agent says it, the relay keeps to it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { connectBareAgent, echoStream } from '../support/bare-agent.ts'
import { deadline } from '../support/deadline.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { endOf } from '../support/socket-end-kind.ts'
import { startTestAgent, startTestRelay } from '../support/tunnel.ts'

/** A visitor from another address of the loopback; how it ended, or what it was answered. */
async function come(port: number, localAddress: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  const ended = endOf(socket)
  socket.write('hello')
  const answered = once(socket, 'data').then(([chunk]) => String(chunk))
  const told = await deadline(Promise.race([answered.catch(() => ended), ended]), 5_000, 'answer')
  socket.destroy()
  return told
}

test('access: networks on the command line hold for every route', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  const lists = ['--allow-from', '127.0.0.0/29', '--deny-from', '127.0.0.2']
  const args = [String(origin.port), '--url', 'tcp://:0', ...lists]
  await using agent = await startTestAgent(relay, args)
  assert.equal(await come(agent.port, '127.0.0.1'), 'hello')
  assert.equal(await come(agent.port, '127.0.0.7'), 'hello')
  assert.equal(await come(agent.port, '127.0.0.2'), 'reset')
  assert.equal(await come(agent.port, '127.0.0.8'), 'reset')
})

test('access: a TLS visitor from elsewhere is cut off before any stream, and that is told', async () => {
  await using relay = await startInProcessRelay()
  let streams = 0
  await using agent = await connectBareAgent({
    ...relay,
    onStream: (stream) => {
      streams += 1
      echoStream(stream)
    },
  })
  agent.send({
    type: 'register',
    channelTimeoutSeconds: 100,
    routes: [{ id: 'r0', url: 'tls://a.test', allow: ['127.0.0.9'] }],
  })
  await agent.message('registered')
  const come = (localAddress: string) => {
    const raw = connect({ port: relay.port, host: '127.0.0.1', localAddress })
    return connectTls({ socket: raw, servername: 'a.test', rejectUnauthorized: false })
  }
  const stranger = come('127.0.0.1')
  stranger.on('error', () => {})
  stranger.resume()
  await deadline(once(stranger, 'close'), 5_000, 'end of the stranger')
  const denied = await relay.event('denial', ({ event }) => event === 'visitor-denied')
  assert.match(JSON.stringify(denied), /"route":"tls:\/\/a\.test:\d+","visitor":"127\.0\.0\.1:\d+"/)
  assert.equal(streams, 0)
  const guest = come('127.0.0.9')
  guest.write('x')
  await deadline(once(guest, 'data'), 5_000, 'answer')
  guest.destroy()
})

test('access: what is no network, and too many of them, break the protocol', async () => {
  await using relay = await startInProcessRelay()
  for (const allow of [['192.0.2.1/24'], Array.from({ length: 17 }, () => '192.0.2.1/32')]) {
    await using agent = await connectBareAgent(relay)
    const routes = [{ id: 'r0', url: 'tls://a.test', allow }]
    const message = { type: 'register', channelTimeoutSeconds: 100, routes }
    const json = Buffer.from(JSON.stringify(message))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(json.length)
    agent.sendBytes(Buffer.concat([length, json]))
    const { closeCode } = await deadline(agent.closed, 5_000, 'close')
    assert.equal(closeCode, 4006)
  }
})
