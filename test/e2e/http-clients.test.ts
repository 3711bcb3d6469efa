// Programs that people have, on an https route of a real relay and agent: curl, h2load, nghttp, a
// browser's WebSocket in the form of ws, and gRPC.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { buffer, text } from 'node:stream/consumers'
import test from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { dialRoute } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'
import { programPath, requires } from '../support/requires.ts'

const name = 'app.test'

async function run(
  program: 'curl' | 'h2load' | 'nghttp',
  args: readonly string[],
): Promise<string> {
  const child = spawn(programPath(program), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return await deadline(text(child.stdout), 50_000, `end of ${program}`)
}

test('https route: curl goes up and down over HTTP/1.1 and HTTP/2', requires('curl'), async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startServer((request, response) => {
    void buffer(request).then((body) => {
      response.setHeader('x-bytes', body.length)
      response.end(createHash('sha256').update(body).digest('hex'))
    })
  })
  await using _agent = await joinAgent(relay, origin.port, { url: `https://${name}` })
  const url = `https://${name}:${relay.port}/`
  const common = ['-sk', '--resolve', `${name}:${relay.port}:127.0.0.1`, url]
  const body = 'x'.repeat(100_000)
  const digest = createHash('sha256').update(body).digest('hex')
  for (const [flag, version] of [
    ['--http1.1', '1.1'],
    ['--http2', '2'],
  ] as const) {
    const shown = ['-w', ' %{http_version} %{http_code}']
    const empty = createHash('sha256').digest('hex')
    assert.equal(await run('curl', [...common, flag, ...shown]), `${empty} ${version} 200`)
    const upload = ['--data', body, '-H', 'Expect: 100-continue']
    const answer = await run('curl', [...common, flag, ...shown, ...upload])
    assert.equal(answer, `${digest} ${version} 200`)
  }
})

test('https route: h2load has no failure', requires('h2load'), async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startServer((_request, response) => response.end('x'.repeat(1_000)))
  await using _agent = await joinAgent(relay, origin.port, { url: `https://${name}` })
  const place = [`--connect-to=127.0.0.1:${relay.port}`, `https://${name}:${relay.port}/`]
  for (const protocol of [[], ['--h1']]) {
    const output = await run('h2load', ['-n500', '-c10', '-m10', ...protocol, ...place])
    assert.match(output, /500 succeeded, 0 failed, 0 errored, 0 timeout/)
  }
})

test(
  'https route: nghttp sees every stream of its connection end whole',
  requires('nghttp'),
  async () => {
    await using relay = await startInProcessRelay()
    await using origin = await startServer((request, response) => {
      response.end(request.url?.slice(1).repeat(1_000))
    })
    // It has no way to connect elsewhere than to the host of its URL.
    await using _agent = await joinAgent(relay, origin.port, { url: 'https://localhost' })
    const urls = ['a', 'bb', 'ccc'].map((path) => `https://localhost:${relay.port}/${path}`)
    const output = await run('nghttp', ['--no-verify-peer', ...urls])
    assert.equal(output.length, 6_000)
    assert.match(output, /^(a{1000}|(bb){1000}|(ccc){1000}){3}$/)
  },
)

test('https route: a WebSocket says and hears, and its close code passes', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startServer(() => {})
  const sockets = new WebSocketServer({ server: origin })
  sockets.on('connection', (socket, request) => {
    socket.send(String(request.headers['x-forwarded-for']))
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    socket.on('close', (code) => closed.resolve(code))
  })
  const closed = Promise.withResolvers<number>()
  await using _agent = await joinAgent(relay, origin.port, { url: `https://${name}` })
  const visitor = new WebSocket(`wss://127.0.0.1:${relay.port}/chat`, {
    createConnection: () => dialRoute(relay.port, name, ['http/1.1']),
    headers: { host: name },
  })
  const next = async (): Promise<Buffer> => {
    const [data] = (await deadline(once(visitor, 'message'), 10_000, 'message')) as [Buffer]
    return data
  }
  assert.equal((await next()).toString(), '127.0.0.1')
  for (const length of [0, 1, 200, 70_000, 1_000_000]) {
    visitor.send(Buffer.alloc(length, 'z'))
    assert.equal((await next()).length, length)
  }
  visitor.close(4_321, 'enough')
  assert.equal(await deadline(closed.promise, 10_000, 'close'), 4_321)
})
