// Who may ask, and what captured bytes may do.
import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { startWorld, statusOf } from './inspector-server.test.support.ts'

test('server: a name that is pointed here gets nothing, not even the page', async () => {
  await using world = await startWorld()
  const { port } = world.server
  for (const Host of [`evil.example:${port}`, 'evil.example', '127.0.0.1.evil.example', 'a@b']) {
    for (const path of ['/', '/api/tunnels', '/api/live', '/api/requests/http']) {
      assert.equal(await statusOf(world.ask(path, { headers: { Host } })), 403, `${Host} ${path}`)
    }
  }
  for (const Host of [`localhost:${port}`, '127.0.0.1', `[::1]:${port}`, '127.8.9.1:1']) {
    assert.equal(await statusOf(world.ask('/api/status', { headers: { Host } })), 200, Host)
  }
})

test('server: another site can neither post nor read', async () => {
  await using world = await startWorld()
  const { port } = world.server
  const body = JSON.stringify({ id: world.pass().id })
  const post = (headers: Record<string, string>): Promise<number | undefined> =>
    statusOf(
      world.ask('/api/requests/http', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body,
      }),
    )
  for (const Origin of [
    'https://evil.example',
    'null',
    `http://localhost:${port}`,
    'http://127.0.0.1:1',
  ]) {
    assert.equal(await post({ Origin }), 403, Origin)
  }
  assert.equal(await post({ 'Sec-Fetch-Site': 'cross-site' }), 403)
  assert.equal(await post({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate' }), 403)
  assert.equal(world.sent.length, 0)
  assert.equal(
    await post({ Origin: `http://127.0.0.1:${port}`, 'Sec-Fetch-Site': 'same-origin' }),
    204,
  )
  assert.equal(world.sent.length, 1)
})

test('server: data needs the token of this run; the page and the list of tunnels do not', async () => {
  await using world = await startWorld()
  world.pass()
  const headers = { Authorization: 'Bearer wrong' }
  for (const [method, path] of [
    ['GET', '/api/live'],
    ['GET', '/api/status'],
    ['GET', '/api/har'],
    ['GET', '/api/exchanges/1'],
    ['GET', '/api/exchanges/1/request-body'],
    ['GET', '/api/requests/http'],
    ['GET', '/api/requests/http/1'],
    ['GET', '/api/tunnels/app'],
    ['DELETE', '/api/requests/http'],
    ['POST', '/api/tunnels'],
    ['GET', '/api/nothing'],
  ] as const) {
    assert.equal(await statusOf(world.ask(path, { method, headers })), 401, `${method} ${path}`)
  }
  assert.equal(world.inspector.exchanges.size, 1)
  assert.equal(await statusOf(world.ask('/', { headers })), 200)
  assert.equal(await statusOf(world.ask('/api/tunnels', { headers })), 200)
})

test('server: the page may run its own script and nothing else', async () => {
  await using world = await startWorld()
  const answer = await world.ask('/')
  const policy = String(answer.headers['content-security-policy'])
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.match(await text(answer), /run\(\)/)
})

test('server: captured bytes are to be saved, not shown', async () => {
  await using world = await startWorld()
  world.pass({
    responseFields: [['Content-Type', 'text/html']],
    responseBody: '<script>alert(1)</script>',
  })
  const answer = await world.ask('/api/exchanges/1/response-body')
  assert.equal(answer.headers['content-type'], 'application/octet-stream')
  assert.match(String(answer.headers['content-disposition']), /^attachment/)
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'; sandbox/)
  assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin')
  assert.equal(await text(answer), '<script>alert(1)</script>')
})
