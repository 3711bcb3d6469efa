// Every byte, both ways at once, through both programs; the oracle tells loss from swap from damage.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { deadline } from '../support/deadline.ts'
import { OffsetChecker } from '../support/offset-checker.ts'
import { OffsetStream } from '../support/offset-stream.ts'
import { startOrigin } from '../support/origin.ts'
import { type TestRelay, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { type Visitor, visit, visitTls } from '../support/visitor.ts'

let relay: TestRelay
before(async () => {
  relay = await startTestRelay()
})
after(() => relay[Symbol.asyncDispose]())

const totalBytes = 64 * 1024 * 1024
const pieceBytes = 256 * 1024

/** Writes the whole stream with respect for back-pressure, then half-closes. */
function send(socket: Socket, stream: OffsetStream): void {
  let offset = 0
  const more = (): void => {
    while (offset < totalBytes) {
      const piece = stream.bytes(offset, Math.min(pieceBytes, totalBytes - offset))
      offset += piece.length
      if (!socket.write(piece)) return void socket.once('drain', more)
    }
    socket.end()
  }
  more()
}

function check(socket: Socket, stream: OffsetStream): Promise<OffsetChecker> {
  const checker = new OffsetChecker(stream, totalBytes)
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => checker.push(chunk))
    socket.on('end', () => resolve(checker))
    socket.on('error', reject)
  })
}

const fronts: readonly (readonly [string, string, (url: URL) => Promise<Visitor>])[] = [
  ['TCP', 'tcp://:0', (url) => visit(Number(url.port))],
  ['TLS', 'tls://bulk.test', (url) => visitTls(Number(url.port), 'TLSv1.3', url.hostname)],
]

for (const [name, route, dial] of fronts) {
  test(`${name}: 64 MiB both ways at once arrive as they were sent`, async () => {
    const up = new OffsetStream(11)
    const down = new OffsetStream(12)
    let atOrigin: Promise<OffsetChecker> | undefined
    await using origin = await startOrigin((socket) => {
      atOrigin = check(socket, up)
      // The agent's look at whether anything listens is a connection too, and ends at once.
      atOrigin.catch(() => {})
      send(socket, down)
    })
    await using agent = await startTestAgent(relay, [String(origin.port), '--url', route])
    await using visitor = await dial(agent.url)
    const atVisitor = check(visitor.socket, down)
    send(visitor.socket, up)
    const received = await deadline(atVisitor, 60_000, 'end of the download')
    assert.deepEqual(received.verdict(), { kind: 'intact', bytes: totalBytes })
    assert.ok(atOrigin)
    const uploaded = await deadline(atOrigin, 60_000, 'end of the upload')
    assert.deepEqual(uploaded.verdict(), { kind: 'intact', bytes: totalBytes })
  })
}
