// The agent as a process: signals, stdin and stdout of the real thing.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { deadline } from '../support/deadline.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { runAgent, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { runProgram } from '../support/run-program.ts'
import { visit } from '../support/visitor.ts'

test('Ctrl-C drains: a running visit finishes whole, then the agent ends with 0', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:0'])
  await using visitor = await visit(agent.port)
  visitor.socket.write('one')
  await once(visitor.socket, 'data')
  agent.program.signal('SIGINT')
  await agent.program.event('draining')
  visitor.socket.end('two')
  const [rest] = (await once(visitor.socket, 'data')) as [Buffer]
  assert.equal(rest.toString(), 'two')
  visitor.socket.resume()
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'end')
  await agent.program.expectExit(0)
  assert.deepEqual(await agent.program.event('stopped'), { v: 1, event: 'stopped', exit: 0 })
})

test('a second Ctrl-C ends at once with 130, and the visitor gets RST', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:0'])
  await using visitor = await visit(agent.port)
  visitor.socket.write('x')
  await once(visitor.socket, 'data')
  visitor.socket.resume()
  agent.program.signal('SIGINT')
  await agent.program.event('draining')
  agent.program.signal('SIGINT')
  await agent.program.expectExit(130)
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
  assert.equal(await deadline(origin.endOf(0), 5_000, 'end at the origin'), 'reset')
})

test('the join string comes from a pipe that stays open, and is in nobody’s arguments', async () => {
  await using relay = await startTestRelay()
  await using agent = runProgram('agent', ['connect', '3000', '--join', '-', '--json'])
  agent.stdin.write(`${relay.join}\n`)
  await agent.event('ready')
  agent.signal('SIGTERM')
  await agent.expectExit(0)
  assert.ok(!agent.stdout.text.includes('sp1_') && !agent.stderr.text.includes('sp1_'))
})

test('a target where nothing listens is told at once, and served when it does', async () => {
  const closed = await startOrigin(echo)
  await closed[Symbol.asyncDispose]()
  await using relay = await startTestRelay()
  await using agent = runAgent(relay.join, [String(closed.port), '--url', 'tcp://:0'])
  const told = await agent.event('origin')
  assert.deepEqual([told['state'], told['target']], ['refused', `localhost:${closed.port}`])
  await agent.errorLine(/nothing listens at localhost:\d+/)
  await agent.event('ready')
})
