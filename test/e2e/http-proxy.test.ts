// The agent behind an HTTP proxy (HTTPS_PROXY): CONNECT, with credentials, and whatever it answers.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { type Socket, createServer } from 'node:net'
import { test } from 'node:test'
import { startConnectProxy } from '../support/connect-proxy.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent, publicPort } from '../support/joined-agent.ts'
import { ask } from '../support/neighbourhood.ts'
import { accepting, unusedPort } from '../support/nginx.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { programPath, requires } from '../support/requires.ts'
import { runCommand } from '../support/run-program.ts'
import { closed, listening, portOf } from '../support/sockets.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { runAgent, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { visit } from '../support/visitor.ts'

test('HTTP proxy: the agent program joins and serves through it, with its credentials', async () => {
  const authorization = `Basic ${Buffer.from('us er:p@ss').toString('base64')}`
  await using proxy = await startConnectProxy(authorization)
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  const env = { HTTPS_PROXY: `http://us%20er:p%40ss@127.0.0.1:${proxy.port}` }
  await using agent = await startTestAgent(relay, [`${origin.port}`, '--url', 'tcp://:0'], { env })
  assert.deepEqual(
    proxy.asked.map(({ url, headers }) => [url, headers.host]),
    [[`127.0.0.1:${relay.port}`, `127.0.0.1:${relay.port}`]],
  )
  await using visitor = await visit(agent.port)
  assert.equal(await ask(visitor, 'through the proxy'), 'through the proxy')
})

test('HTTP proxy: without the right credentials the agent says what is missing, and no secret', async () => {
  await using proxy = await startConnectProxy('Basic other')
  await using relay = await startTestRelay()
  const env = { https_proxy: `http://user:hush@127.0.0.1:${proxy.port}` }
  await using agent = runAgent(relay.join, ['3000', '--no-retry'], { env })
  await agent.errorLine(/HTTP proxy 127\.0\.0\.1:\d+: it asks for a user and password/)
  await agent.expectExit(5)
  assert.ok(![...agent.stderr.all, ...agent.stdout.all].some((line) => line.includes('hush')))
})

test('HTTP proxy: a relay that NO_PROXY names is dialled without', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'localhost,127.0.0.1' }
  await using agent = await startTestAgent(relay, [`${origin.port}`, '--url', 'tcp://:0'], { env })
  assert.ok(agent.port)
})

for (const [what, answer] of [
  ['endless fields', `HTTP/1.1 200 OK\r\n${'X-Field: more\r\n'.repeat(2_000)}`],
  ['no HTTP', '220 mail.example.com ESMTP\r\n\r\n'],
  ['a refusal', 'HTTP/1.1 403 Forbidden\r\n\r\n'],
] as const) {
  test(`HTTP proxy: ${what} for an answer ends the try`, async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.once('data', () => socket.write(answer))
    })
    await listening(server)
    await using relay = await startInProcessRelay()
    const httpProxy = `http://127.0.0.1:${portOf(server)}`
    const joining = joinAgent(relay, 3000, { httpProxy, retry: false })
    await assert.rejects(joining, { code: 'SP_UNREACHABLE', message: /^HTTP proxy 127\.0\.0\.1:/ })
    for (const socket of sockets) socket.destroy()
    await closed(server)
  })
}

test('HTTP proxy: a real tinyproxy lets the agent through', requires('tinyproxy'), async () => {
  await using directory = await temporaryDirectory()
  const port = await unusedPort()
  await using relay = await startInProcessRelay()
  await writeFile(
    directory.join('tinyproxy.conf'),
    `Port ${port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nBasicAuth user hush\nMaxClients 20\n` +
      `ConnectPort ${relay.port}\nLogFile "${directory.join('log')}"\nPidFile "${directory.join('pid')}"\n`,
  )
  await using _proxy = runCommand(programPath('tinyproxy'), [
    '-d',
    '-c',
    directory.join('tinyproxy.conf'),
  ])
  await accepting(port)
  await using origin = await startOrigin(echo)
  const httpProxy = `http://user:hush@127.0.0.1:${port}`
  await using agent = await joinAgent(relay, origin.port, { url: 'tcp://:0', httpProxy })
  await using visitor = await visit(publicPort(agent))
  assert.equal(await ask(visitor, 'by tinyproxy'), 'by tinyproxy')
})
