// https routes through a real relay and agent: who speaks what, what the origin is told, and what is
// answered where no origin is.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent } from 'node:https'
import test from 'node:test'
import { Changes } from '../support/changes.ts'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { ask, askHttp2, dialRoute, openHttp2 } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'

const name = 'app.test'

const echoServer = () =>
  startServer((incoming, response) =>
    response.end(JSON.stringify({ version: incoming.httpVersion, ...incoming.headers })),
  )

test('https route: every request of a kept connection has the forwarding fields, and none forged', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await echoServer()
  await using _agent = await joinAgent(relay, origin.port, { url: `https://${name}` })
  const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  for (let index = 0; index < 1_000; index++) {
    const headers = { 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', 'x-index': index }
    const { body } = await ask(relay.port, name, { agent: kept, headers })
    const seen = JSON.parse(body) as Record<string, string>
    assert.equal(seen['x-index'], String(index))
    assert.equal(seen['host'], name)
    assert.equal(seen['x-forwarded-for'], '127.0.0.1')
    assert.equal(seen['x-real-ip'], '127.0.0.1')
    assert.equal(seen['x-forwarded-proto'], 'https')
    assert.equal(seen['x-forwarded-host'], name)
    assert.equal(seen['x-forwarded-port'], String(relay.port))
    assert.equal(seen['forwarded'], `for=127.0.0.1;host=${name};proto=https`)
  }
  kept.destroy()
})

test('https route: h2 or http/1.1 is agreed with the visitor, tls routes have their own word', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await echoServer()
  await using _agent = await joinAgent(relay, origin.port, {
    url: [`https://${name}`, 'tls://raw.test'],
  })
  const agreed = async (servername: string, offers: string[]): Promise<unknown> => {
    const socket = dialRoute(relay.port, servername, offers)
    await deadline(once(socket, 'secureConnect'), 10_000, 'TLS')
    socket.destroy()
    return socket.alpnProtocol
  }
  assert.equal(await agreed(name, ['http/1.1', 'h2']), 'h2')
  assert.equal(await agreed(name, ['http/1.1']), 'http/1.1')
  assert.equal(await agreed(name, []), false)
  assert.equal(await agreed('raw.test', ['h2', 'http/1.1']), 'http/1.1')
  assert.equal(await agreed('raw.test', ['postgresql']), 'postgresql')

  const session = openHttp2(relay.port, name)
  const { status, body } = await askHttp2(session)
  assert.equal(status, 200)
  const seen = JSON.parse(body) as Record<string, string>
  assert.equal(seen['version'], '1.1')
  assert.equal(seen['x-forwarded-for'], '127.0.0.1')
  session.destroy()
})

test('https route: another Host than the SNI is 421', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await echoServer()
  await using _agent = await joinAgent(relay, origin.port, { url: `https://${name}` })
  const { status, body } = await ask(relay.port, name, { headers: { host: 'other.test' } })
  assert.equal(status, 421)
  assert.equal((JSON.parse(body) as { error: string }).error, 'SP_HTTP_MISDIRECTED')
})

test('https route: where nothing listens, a 502 says so, as JSON or HTML', async () => {
  await using relay = await startInProcessRelay()
  const gone = await echoServer()
  gone.close()
  await once(gone, 'close')
  await using _agent = await joinAgent(relay, gone.port, { url: `https://${name}` })
  const json = await ask(relay.port, name)
  assert.equal(json.status, 502)
  assert.equal((JSON.parse(json.body) as { error: string }).error, 'SP_ORIGIN_REFUSED')
  const html = await ask(relay.port, name, { headers: { accept: 'text/html,*/*;q=0.8' } })
  assert.equal(html.status, 502)
  assert.match(html.body, /<title>502 Bad Gateway<\/title>.*SP_ORIGIN_REFUSED/s)
})

test('https route: a server of the embedding program answers, and idle visitors hold no drain', async () => {
  await using relay = await startInProcessRelay()
  const server = await echoServer()
  server.close()
  const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  {
    const agent = await joinAgent(relay, server, { url: `https://${name}`, drainGraceMs: 60_000 })
    const { body } = await ask(relay.port, name, { agent: kept })
    assert.equal((JSON.parse(body) as { host: string }).host, name)
    await deadline(agent.close(), 10_000, 'end of the drained agent')
    assert.equal(await agent.stopped, undefined)
  }
  kept.destroy()
})

test('https route: kept connections end when their route gets another target', async () => {
  await using relay = await startInProcessRelay()
  const saying = (word: string) => startServer((_request, response) => void response.end(word))
  await using old = await saying('old')
  await using fresh = await saying('fresh')
  const url = { kind: 'https', name } as const
  const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  await using agent = await joinAgent(relay, old.port, { url: `https://${name}` })
  const session = openHttp2(relay.port, name)
  assert.equal((await ask(relay.port, name, { agent: kept })).body, 'old')
  assert.equal((await askHttp2(session)).body, 'old')
  const changes = new Changes()
  let ended = 0
  agent.on('visit', () => {
    ended++
    changes.tell()
  })
  agent.setRoutes([{ url, origin: { kind: 'tcp', host: '127.0.0.1', port: fresh.port } }])
  await changes.until('end of both connections', () => ended === 2)
  assert.equal((await ask(relay.port, name)).body, 'fresh')
  kept.destroy()
  session.destroy()
})
