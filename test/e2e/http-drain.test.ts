// Kept connections of visitors on https routes hold no drain, neither the agent's nor the relay's.
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { ask, askHttp2, openHttp2 } from '../support/http-visit.ts'
import { startTestAgent, startTestRelay } from '../support/tunnel.ts'

const name = 'app.test'

for (const drained of ['agent', 'relay'] as const) {
  test(`https route: the ${drained} drains although visitors keep their connections`, async () => {
    await using origin = await startServer((_request, response) => response.end('fine'))
    await using relay = await startTestRelay()
    const args = [String(origin.port), '--url', `https://${name}`]
    await using agent = await startTestAgent(relay, args)
    const kept = new Agent({ keepAlive: true, maxSockets: 1 })
    const session = openHttp2(relay.port, name)
    assert.equal((await ask(relay.port, name, { agent: kept })).body, 'fine')
    assert.equal((await askHttp2(session)).body, 'fine')
    const program = drained === 'agent' ? agent.program : relay.program
    program.signal('SIGTERM')
    // The grace is 30 s.
    const { code } = await deadline(program.exited, 15_000, `end of the ${drained}`)
    assert.equal(code, 0)
    kept.destroy()
    session.destroy()
  })
}
