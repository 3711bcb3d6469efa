// The newest session of a key wins, at once and at no lasting cost (docs/protocol.md §7). The large count
// is in test/faults/replacements.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Agent, connect } from '@sallyport/agent'
import { deadline } from '../support/deadline.ts'
import { publicPort } from '../support/joined-agent.ts'
import { ask } from '../support/neighbourhood.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { checkReplacements } from '../support/replacement-checks.ts'
import { startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { visit } from '../support/visitor.ts'

test('replacements: 50 leave no descriptor behind, and no visit reaches a fenced session', async () => {
  const { descriptors } = await checkReplacements(50, 10)
  assert.ok(descriptors <= 4, `${descriptors} descriptors more`)
})

test('replacements: a sleeping agent, its TCP still open, is taken over within 1 s', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using old = await startTestAgent(relay, [`${origin.port}`, '--url', 'tcp://:0'])
  /** From the dial of the relay until a visitor was answered. */
  const serve = async (port: number): Promise<{ agent: Agent; tookMs: number }> => {
    const startMs = performance.now()
    const url = `tcp://:${port}`
    const agent = await connect(origin.port, { join: relay.join, url, drainGraceMs: 1 })
    await using visitor = await visit(publicPort(agent))
    assert.equal(await deadline(ask(visitor, 'awake'), 10_000, 'answer'), 'awake')
    return { agent, tookMs: performance.now() - startMs }
  }
  // What this takes where nobody has to be replaced: a busy machine is slow with both.
  const plain = await serve(0)
  await plain.agent.close()
  old.program.signal('SIGSTOP')
  const { agent, tookMs } = await serve(old.port)
  await using _agent = agent
  assert.ok(tookMs < Math.max(1_000, 5 * plain.tookMs), `${tookMs} ms, ${plain.tookMs} ms else`)
  old.program.signal('SIGCONT')
  await old.program.expectExit(8)
})
