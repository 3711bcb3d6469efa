// docs/protocol.md §8: a half-close of either side is the other's half-close, and loses no byte.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { deadline } from '../support/deadline.ts'
import { OffsetStream } from '../support/offset-stream.ts'
import { answerAtEnd, startOrigin } from '../support/origin.ts'
import { programPath, requires } from '../support/requires.ts'
import { type TestRelay, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { type Visitor, readAll, visit, visitTls } from '../support/visitor.ts'

let relay: TestRelay
before(async () => {
  relay = await startTestRelay()
})
after(() => relay[Symbol.asyncDispose]())

const replyBytes = 1024 * 1024
const reply = new OffsetStream(1).bytes(0, replyBytes)

type Dial = (agentUrl: URL) => Promise<Visitor>
const fronts: readonly (readonly [string, string, Dial])[] = [
  ['TCP', 'tcp://:0', (url) => visit(Number(url.port))],
  ['TLS 1.2', 'tls://half.test', (url) => visitTls(Number(url.port), 'TLSv1.2', url.hostname)],
  ['TLS 1.3', 'tls://half.test', (url) => visitTls(Number(url.port), 'TLSv1.3', url.hostname)],
]

for (const [name, route, dial] of fronts) {
  test(`${name}: the late reply to a visitor that half-closed arrives whole`, async () => {
    await using origin = await startOrigin(answerAtEnd(() => reply))
    await using agent = await startTestAgent(relay, [String(origin.port), '--url', route])
    for (let round = 0; round < 20; round++) {
      await using visitor = await dial(agent.url)
      visitor.socket.end('question')
      const received = await readAll(visitor)
      assert.equal(received.length, replyBytes)
      assert.ok(received.equals(reply))
    }
  })

  test(`${name}: an origin that half-closed still receives all that the visitor sends`, async () => {
    const received: Buffer[] = []
    const { promise: isRead, resolve } = Promise.withResolvers<void>()
    await using origin = await startOrigin((socket) => {
      socket.end('greeting')
      socket.on('data', (chunk: Buffer) => received.push(chunk))
      socket.on('end', () => resolve())
    })
    await using agent = await startTestAgent(relay, [String(origin.port), '--url', route])
    await using visitor = await dial(agent.url)
    visitor.socket.resume()
    assert.equal(await deadline(visitor.ended, 5_000, 'FIN of the origin'), 'end')
    visitor.socket.end(reply)
    await deadline(isRead, 10_000, 'FIN at the origin')
    assert.ok(Buffer.concat(received).equals(reply))
  })
}

test('nc -N gets the whole late reply, 20 of 20', requires('nc'), async () => {
  await using origin = await startOrigin(
    answerAtEnd((question) => Buffer.concat([question, reply])),
  )
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:0'])
  for (let round = 0; round < 20; round++) {
    const pending = promisify(execFile)(
      programPath('nc'),
      ['-N', '127.0.0.1', String(agent.port)],
      { encoding: 'buffer', maxBuffer: 2 * replyBytes },
    )
    pending.child.stdin?.end('x')
    const { stdout } = await deadline(pending, 10_000, 'end of nc')
    assert.equal(stdout.length, replyBytes + 1)
  }
})

test('a connection that both sides ended leaves nothing behind', async () => {
  await using origin = await startOrigin(answerAtEnd(() => Buffer.from('done')))
  await using agent = await startTestAgent(relay, [String(origin.port), '--url', 'tcp://:0'])
  await using visitor = await visit(agent.port)
  visitor.socket.end('x')
  assert.equal((await readAll(visitor)).toString(), 'done')
  const [socket] = origin.sockets
  assert.ok(socket)
  if (!socket.destroyed) await deadline(once(socket, 'close'), 5_000, "close of the origin's end")
})
