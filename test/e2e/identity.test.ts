// Who may serve, and whom the agent trusts: each refusal has its exit code and its one line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computePin, formatPin, generateAgentKey } from '@sallyport/protocol'
import { echo, startOrigin } from '../support/origin.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { runAgent, startTestAgent, startTestRelay } from '../support/tunnel.ts'

test('a key that the relay does not know ends with 4, and is not shown', async () => {
  await using relay = await startTestRelay()
  const token = generateAgentKey().token.reveal()
  const join = relay.join.replace(/\/\/[^@]+@/, `//${token}@`)
  await using agent = runAgent(join, ['3000'])
  await agent.expectExit(4)
  assert.ok(!agent.stderr.text.includes(token) && !agent.stdout.text.includes(token))
})

test('a pin of another key ends with 6', async () => {
  await using relay = await startTestRelay()
  const pin = formatPin(computePin(Buffer.from('another key')))
  const join = relay.join.replace(/pin=.*$/, `pin=${pin}`)
  await using agent = runAgent(join, ['3000'])
  await agent.expectExit(6)
})

test('a relay that is not there ends with 5 under --no-retry', async () => {
  await using relay = await startTestRelay()
  await relay.kill()
  await using agent = runAgent(relay.join, ['3000', '--no-retry'])
  await agent.expectExit(5)
})

test('a newer agent of the same key takes over, and the older one ends with 8', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  const args = [String(origin.port), '--url', 'tcp://:20911']
  await using older = await startTestAgent(relay, args)
  await using newer = await startTestAgent(relay, args)
  await older.program.expectExit(8)
  assert.equal(newer.port, 20_911)
})

test('a relay without agent keys refuses to start, with 3', async () => {
  await using directory = await temporaryDirectory()
  await using relay = await startTestRelay()
  await relay.kill()
  await using list = runProgram('relay', ['agents', 'ls', '--dir', relay.directory.path])
  await list.expectExit(0)
  const [name = ''] = list.stdout.text.trim().split(/\s+/)
  await using remove = runProgram('relay', ['agents', 'rm', name, '--dir', relay.directory.path])
  await remove.expectExit(0)
  await using start = runProgram('relay', ['--dir', relay.directory.path])
  await start.expectExit(3)
  assert.ok(directory)
})

test('two relays on one address: the second ends with 7', async () => {
  await using relay = await startTestRelay()
  await using second = runProgram('relay', [
    '--dir',
    relay.directory.path,
    '--listen',
    `127.0.0.1:${relay.port}`,
  ])
  await second.expectExit(7)
})
