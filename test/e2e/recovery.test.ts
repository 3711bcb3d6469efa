// The link is lost and comes back by itself; visitors wait for it as long as they were promised.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { deadline, until } from '../support/deadline.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { runAgent, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { visit } from '../support/visitor.ts'

async function roundTrip(port: number): Promise<void> {
  await using visitor = await visit(port)
  visitor.socket.write('ping')
  const [data] = await until(visitor.socket, 'data', 10_000)
  assert.equal(String(data), 'ping')
}

test('a restarted relay is served again within seconds, unaided', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:20901'])
  await roundTrip(20_901)
  await relay.kill()
  await agent.program.event('lost')
  await relay.start()
  const start = performance.now()
  await agent.program.errorLine(/./).catch(() => '')
  await untilServed(20_901)
  const tookMs = performance.now() - start
  assert.ok(tookMs < 3_000, `${tookMs} ms`)
})

test('an agent that starts before its relay finds it', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await relay.kill()
  await using agent = runAgent(relay.join, [String(origin.port), '--url', 'tcp://:20902'])
  await agent.event('reconnecting')
  await relay.start()
  await agent.event('ready')
  await roundTrip(20_902)
})

test('a visitor of an agent that is away is parked until the agent is back', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using first = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:20903'])
  first.program.signal('SIGKILL')
  await first.program.exited
  await relay.program.event('agent-left')
  await using visitor = await visit(20_903)
  visitor.socket.write('early')
  await using second = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:20903'])
  const [data] = await until(visitor.socket, 'data', 10_000)
  assert.equal(String(data), 'early')
  assert.ok(second)
})

test('a visitor is parked for the channel timeout and then reset', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:20904'], {
    env: { CHANNEL_TIMEOUT: '1' },
  })
  agent.program.signal('SIGKILL')
  await relay.program.event('agent-left')
  await using visitor = await visit(20_904)
  visitor.socket.resume()
  const start = performance.now()
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
  const waitedMs = performance.now() - start
  assert.ok(waitedMs < 2_000, `${waitedMs} ms`)
})

test('a visitor that resets while parked never reaches the origin', async () => {
  const received: string[] = []
  await using origin = await startOrigin((socket) => {
    socket.on('data', (data: Buffer) => received.push(data.toString()))
    echo(socket)
  })
  await using relay = await startTestRelay()
  await using first = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:20905'])
  first.program.signal('SIGKILL')
  await relay.program.event('agent-left')
  const visitor = await visit(20_905)
  visitor.socket.write('never')
  visitor.socket.resetAndDestroy()
  await once(visitor.socket, 'close')
  await using second = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:20905'])
  await roundTrip(20_905)
  assert.deepEqual(received, ['ping'])
  assert.ok(second)
})

/** Dials until somebody answers: the port is closed while no relay runs. */
async function untilServed(port: number): Promise<void> {
  for (;;) {
    try {
      return await roundTrip(port)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error
    }
  }
}
