// https routes whose agent is away: who has asked gets a 503 from the relay when the time is over, who has
// not is cut off, and who waited is served when the agent comes back.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { ask, askHttp2, dialRoute, openHttp2 } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'

const name = 'app.test'

/** A relay whose agent was there, and has left. */
async function abandonedRelay(channelTimeoutSeconds: number) {
  const relay = await startInProcessRelay()
  const agent = await joinAgent(relay, 9, { url: `https://${name}`, channelTimeoutSeconds })
  await agent.destroy()
  await relay.event('end of the agent', ({ event }) => event === 'agent-left')
  return relay
}

test('https route: while its agent is away a visitor waits, and then gets a 503 that says why', async () => {
  await using relay = await abandonedRelay(6)
  const session = openHttp2(relay.port, name)
  const silent = dialRoute(relay.port, name, ['http/1.1'])
  const cut = once(silent, 'close')
  const [json, html, upload, http2] = await Promise.all([
    ask(relay.port, name),
    ask(relay.port, name, { headers: { accept: 'text/html' } }),
    ask(relay.port, name, { method: 'POST', sent: 'x'.repeat(100_000) }),
    askHttp2(session),
    deadline(cut, 20_000, 'end of who has not asked'),
  ])
  for (const { status, headers, body } of [json, upload, http2]) {
    assert.equal(status, 503)
    assert.equal(headers['sallyport-error'], 'SP_AGENT_AWAY')
    const page = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual([page['error'], page['hop']], ['SP_AGENT_AWAY', 'agent'])
  }
  assert.equal(html.status, 503)
  assert.match(html.body, /<title>503 Service Unavailable<\/title>.*✗ the tunnel/s)
  session.destroy()
})

test('https route: a visitor that waits is served when the agent is back', async () => {
  await using relay = await abandonedRelay(100)
  const waiting = ask(relay.port, name, { method: 'POST', sent: 'hello' })
  await using origin = await startServer((incoming, response) => void incoming.pipe(response))
  await using _agent = await joinAgent(relay, origin.port, { url: `https://${name}` })
  assert.equal((await waiting).body, 'hello')
})
