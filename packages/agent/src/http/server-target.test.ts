import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import test from 'node:test'
import { FakeVisitor, HandClock, get } from './edge.test.support.ts'
import { startHttpEdge } from './http-edge.ts'
import { PathTargets } from './path-targets.ts'
import { createServerTarget } from './server-target.ts'

function visit(server: ReturnType<typeof createServer>): FakeVisitor {
  const visitor = new FakeVisitor()
  startHttpEdge({
    stream: visitor,
    asDuplex: () => assert.fail('no HTTP/2 here'),
    visit: {
      visitor: { address: '203.0.113.7', port: 50_000 },
      listener: { address: '192.0.2.1', port: 443 },
      sni: 'app.example.com',
    },
    targets: new PathTargets([{ prefix: '/', target: createServerTarget(server) }]),
    policy: {},
    clock: new HandClock(),
    dialTimeoutMs: 1_000,
    halfClosedIdleMs: 1_000,
  })
  return visitor
}

/** The visitor's bytes, once they match. */
async function received(visitor: FakeVisitor, pattern: RegExp): Promise<string> {
  for (let turns = 0; turns < 1_000 && !pattern.test(visitor.received); turns++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(visitor.received, pattern)
  return visitor.received
}

test('server target: an http.Server answers without a port, and sees who asks', async () => {
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      response.end(`${request.headers['x-forwarded-for'] ?? ''} ${body.length}`)
    })
  })
  const visitor = visit(server)
  visitor.send(get('/'))
  await received(visitor, /203\.0\.113\.7 0$/)
  const host = 'Host: app.example.com\r\n'
  visitor.send(`POST / HTTP/1.1\r\n${host}Content-Length: 200000\r\n\r\n`)
  visitor.send(Buffer.alloc(200_000))
  await received(visitor, /203\.0\.113\.7 200000$/)
  assert.equal(visitor.credited, visitor.sent)
})

test('server target: a large answer waits for a slow visitor, and arrives', async () => {
  const body = 'x'.repeat(1_000_000)
  const visitor = visit(createServer((_request, response) => response.end(body)))
  visitor.takes = false
  visitor.send(get('/'))
  await received(visitor, /200 OK/)
  assert.ok(visitor.received.length < body.length)
  visitor.takes = true
  visitor.drain()
  assert.ok((await received(visitor, /x{1000}$/)).endsWith(body))
})

test('server target: a visitor that resets is gone for the server', async () => {
  const server = createServer(() => {})
  const asked = once(server, 'request')
  const visitor = visit(server)
  visitor.send(get('/'))
  const [request] = (await asked) as [{ socket: { on(event: 'close', f: () => void): void } }]
  const closed = new Promise<void>((resolve) => request.socket.on('close', resolve))
  visitor.sendReset()
  await closed
})

test('server target: a server that breaks the connection off is a reset to the visitor', async () => {
  const visitor = visit(
    createServer((request, response) => {
      response.write('half', () => request.socket.destroy())
    }),
  )
  visitor.send(get('/'))
  for (let turns = 0; turns < 1_000 && !visitor.isReset; turns++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(visitor.isReset, true)
})
