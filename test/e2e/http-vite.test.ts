// A Vite development server on an https route of a real relay and agent: its pages, its refusal of strange
// hosts, and hot reload over its WebSocket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import test from 'node:test'
import { createServer } from 'vite'
import { WebSocket } from 'ws'
import { Changes } from '../support/changes.ts'
import { deadline } from '../support/deadline.ts'
import { ask, dialRoute } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const name = 'app.test'

/** A page with a script that takes its own new version. */
async function startVite(root: string) {
  await writeFile(
    `${root}/index.html`,
    '<h1>Hello</h1><script type="module" src="/main.js"></script>',
  )
  await writeFile(`${root}/main.js`, 'export const version = 1\nimport.meta.hot?.accept()\n')
  const vite = await createServer({
    root,
    configFile: false,
    envFile: false,
    logLevel: 'silent',
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, watch: { usePolling: true, interval: 50 } },
  })
  await vite.listen()
  const address = vite.httpServer?.address()
  if (!address || typeof address === 'string') throw new Error('no port')
  return { port: address.port, [Symbol.asyncDispose]: () => vite.close() }
}

test('https route: Vite serves its pages and reloads a module that changed', async () => {
  await using directory = await temporaryDirectory()
  await using vite = await startVite(directory.path)
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, vite.port, {
    url: `https://${name}`,
    http: { hostHeader: 'rewrite' },
  })
  const page = await ask(relay.port, name)
  assert.match(page.body, /<h1>Hello<\/h1>/)
  assert.match(page.body, /src="\/@vite\/client"/)
  assert.match((await ask(relay.port, name, { path: '/main.js' })).body, /version = 1/)
  const client = await ask(relay.port, name, { path: '/@vite/client' })
  const [, token] = /wsToken = "([^"]+)"/.exec(client.body) ?? []
  assert.ok(token)

  const socket = new WebSocket(`wss://127.0.0.1:${relay.port}/?token=${token}`, 'vite-hmr', {
    createConnection: () => dialRoute(relay.port, name, ['http/1.1']),
    headers: { host: name },
    origin: `https://${name}`,
  })
  const said: { type: string; updates?: { path: string }[] }[] = []
  const changes = new Changes()
  socket.on('message', (data: Buffer) => {
    said.push(JSON.parse(data.toString()) as (typeof said)[number])
    changes.tell()
  })
  await deadline(once(socket, 'open'), 20_000, 'WebSocket')
  await changes.until('the greeting', () => said.some(({ type }) => type === 'connected'))
  const text = await readFile(directory.join('main.js'), 'utf8')
  await writeFile(directory.join('main.js'), text.replace('1', '2'))
  await changes.until('the update', () =>
    said.some(({ updates }) => updates?.some(({ path }) => path === '/main.js')),
  )
  assert.match((await ask(relay.port, name, { path: '/main.js?t=2' })).body, /version = 2/)
  socket.terminate()
})

test('https route: Vite refuses a host that it does not know, and the visitor is told so', async () => {
  await using directory = await temporaryDirectory()
  await using vite = await startVite(directory.path)
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, vite.port, { url: `https://${name}` })
  const { status, body } = await ask(relay.port, name)
  assert.equal(status, 403)
  assert.match(body, /allowedHosts/)
})
