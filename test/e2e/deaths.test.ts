// docs/protocol.md §8: who dies in the middle of a transfer is never taken for a clean end.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startOrigin } from '../support/origin.ts'
import { type TestRelay, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { type Visitor, visit, visitTls } from '../support/visitor.ts'

let relay: TestRelay
before(async () => {
  relay = await startTestRelay()
})
after(() => relay[Symbol.asyncDispose]())

const chunk = Buffer.alloc(64 * 1024, 0x2a)

/** Sends for ever, as fast as it is read. */
function pour(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', more)
  more()
}

/** Resolves once a good part of a download has arrived. */
async function midway(visitor: Visitor): Promise<void> {
  let bytes = 0
  const arrived = new Promise<void>((resolve) => {
    visitor.socket.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > 4 * 1024 * 1024) resolve()
    })
  })
  await deadline(arrived, 20_000, '4 MiB')
}

test('a killed agent: the TCP visitor gets RST', async () => {
  await using origin = await startOrigin(pour)
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:0'])
  await using visitor = await visit(agent.port)
  await midway(visitor)
  agent.program.signal('SIGKILL')
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
})

test('a killed agent: the TLS visitor gets no close_notify', async () => {
  await using origin = await startOrigin(pour)
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tls://dead.test'])
  await using visitor = await visitTls(relay.port, 'TLSv1.2', 'dead.test')
  await midway(visitor)
  agent.program.signal('SIGKILL')
  await deadline(visitor.ended, 5_000, 'end of the visit')
  assert.equal(visitor.alerts(), 0)
})

test('a killed relay: the TLS visitor gets no close_notify, the origin RST', async () => {
  await using origin = await startOrigin(pour)
  await using doomed = await startTestRelay()
  await using agent = await startTestAgent(doomed, [
    String(origin.port),
    '--url',
    'tls://dead.test',
  ])
  await using visitor = await visitTls(doomed.port, 'TLSv1.2', 'dead.test')
  await midway(visitor)
  await doomed.kill()
  await deadline(visitor.ended, 5_000, 'end of the visit')
  assert.equal(visitor.alerts(), 0)
  assert.equal(await deadline(origin.endOf(0), 5_000, "end of the origin's connection"), 'reset')
  assert.ok(agent)
})

test('the alert counter sees the close_notify of a clean end', async () => {
  await using origin = await startOrigin((socket) => socket.end('all'))
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tls://dead.test'])
  await using visitor = await visitTls(relay.port, 'TLSv1.2', 'dead.test')
  visitor.socket.resume()
  assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'end')
  assert.equal(visitor.alerts(), 1)
  assert.ok(agent)
})

test('a visitor that resets: the origin gets RST', async () => {
  await using origin = await startOrigin(pour)
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:0'])
  await using visitor = await visit(agent.port)
  await midway(visitor)
  visitor.socket.resetAndDestroy()
  assert.equal(await deadline(origin.endOf(0), 5_000, "end of the origin's connection"), 'reset')
})

test('an origin that resets: the visitor gets RST, or TLS without close_notify', async () => {
  await using origin = await startOrigin((socket) => {
    socket.write('partial')
    socket.once('data', () => socket.resetAndDestroy())
  })
  await using agent = await startTestAgent(relay, [
    '--url',
    'tcp://:0',
    '--url',
    'tls://dead.test',
    String(origin.port),
  ])
  await using plain = await visit(agent.port)
  await using tls = await visitTls(relay.port, 'TLSv1.2', 'dead.test')
  for (const visitor of [plain, tls]) {
    await deadline(once(visitor.socket, 'data'), 5_000, 'first bytes')
    visitor.socket.write('now')
  }
  assert.equal(await deadline(plain.ended, 5_000, 'end of the TCP visit'), 'reset')
  await deadline(tls.ended, 5_000, 'end of the TLS visit')
  assert.equal(tls.alerts(), 0)
})

test('a refused origin: RST before any byte', async () => {
  const origin = await startOrigin(() => {})
  const { port } = origin
  await origin[Symbol.asyncDispose]()
  await using agent = await startTestAgent(relay, [
    '--url',
    'tcp://:0',
    '--url',
    'tls://dead.test',
    String(port),
  ])
  await using plain = await visit(agent.port)
  let bytes = 0
  plain.socket.on('data', (piece: Buffer) => {
    bytes += piece.length
  })
  assert.equal(await deadline(plain.ended, 2_000, 'end of the TCP visit'), 'reset')
  assert.equal(bytes, 0)
  await using tls = await visitTls(relay.port, 'TLSv1.2', 'dead.test')
  await deadline(tls.ended, 2_000, 'end of the TLS visit')
  assert.equal(tls.alerts(), 0)
})
