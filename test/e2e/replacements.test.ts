// The newest session of a key wins, at once and at no lasting cost (docs/protocol.md §7). The large count
// is in test/faults/replacements.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '@sallyport/agent'
import { deadline } from '../support/deadline.ts'
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
  old.program.signal('SIGSTOP')
  const startMs = performance.now()
  await using _agent = await connect(origin.port, {
    join: relay.join,
    url: `tcp://:${old.port}`,
    drainGraceMs: 1,
  })
  await using visitor = await visit(old.port)
  assert.equal(await deadline(ask(visitor, 'awake'), 5_000, 'answer'), 'awake')
  const tookMs = performance.now() - startMs
  assert.ok(tookMs < 1_000, `${tookMs} ms`)
  old.program.signal('SIGCONT')
  await old.program.expectExit(8)
})
