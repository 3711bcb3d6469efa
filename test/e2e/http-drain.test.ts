// Kept connections of visitors on https routes hold no drain, neither the agent's nor the relay's.
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { ask, askHttp2, openHttp2 } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'

const name = 'app.test'
/** Far above what any drain takes that waits for no visitor. */
const drainGraceMs = 120_000

for (const drained of ['agent', 'relay'] as const) {
  test(`https route: the ${drained} drains although visitors keep their connections`, async () => {
    await using relay = await startInProcessRelay({ drainGraceMs })
    await using origin = await startServer((_request, response) => response.end('fine'))
    await using agent = await joinAgent(relay, origin.port, {
      url: `https://${name}`,
      drainGraceMs,
    })
    await using stack = new AsyncDisposableStack()
    const kept = stack.adopt(new Agent({ keepAlive: true, maxSockets: 1 }), (one) => one.destroy())
    const session = stack.adopt(openHttp2(relay.port, name), (one) => one.destroy())
    assert.equal((await ask(relay.port, name, { agent: kept })).body, 'fine')
    assert.equal((await askHttp2(session)).body, 'fine')
    const drain = drained === 'agent' ? agent.close() : relay.relay.drain()
    await deadline(drain, 30_000, `end of the ${drained}`)
  })
}
