// What a user may set for the HTTP of a route, through a real relay and agent.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import test from 'node:test'
import type { HttpOptions } from '@sallyport/agent'
import { formatPasswordLine } from '../../packages/agent/src/http/index.ts'
import { startServer } from '../support/http-server.ts'
import { ask } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const name = 'app.test'

function tell(incoming: IncomingMessage, response: ServerResponse): void {
  response.setHeader('server', 'ours')
  if (incoming.url !== '/silent') response.end(JSON.stringify(incoming.headers))
}

/** A route with those settings, and one way to ask it. */
async function routeWith(http: HttpOptions) {
  const stack = new AsyncDisposableStack()
  const relay = stack.use(await startInProcessRelay())
  const origin = stack.use(await startServer(tell))
  stack.use(await joinAgent(relay, origin.port, { url: `https://${name}`, http }))
  return {
    origin,
    ask: async (options: Parameters<typeof ask>[2] = {}) => {
      const answer = await ask(relay.port, name, options)
      const isOrigins = answer.status === 200
      const seen = (isOrigins ? JSON.parse(answer.body) : {}) as Record<string, string>
      return { ...answer, seen, error: answer.headers['sallyport-error'] }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

test('http policy: Host and other headers are what the user says', async () => {
  await using route = await routeWith({
    hostHeader: 'rewrite',
    requestHeaderAdd: ['X-Stage: test'],
    requestHeaderRemove: ['Cookie'],
    responseHeaderAdd: ['Strict-Transport-Security: max-age=60'],
    responseHeaderRemove: ['Server'],
  })
  const { seen, headers } = await route.ask({ headers: { cookie: 'a=b' } })
  assert.equal(seen['host'], `localhost:${route.origin.port}`)
  assert.equal(seen['x-forwarded-host'], name)
  assert.equal(seen['x-stage'], 'test')
  assert.equal(seen['cookie'], undefined)
  assert.equal(headers['strict-transport-security'], 'max-age=60')
  assert.equal(headers['server'], undefined)
})

test('http policy: behind a trusted proxy the visitor is who it says, and rules go by that', async () => {
  await using route = await routeWith({
    trustedProxies: ['127.0.0.0/8'],
    httpDenyFrom: ['198.51.100.0/24'],
  })
  const from = (address: string) => route.ask({ headers: { 'x-forwarded-for': address } })
  const { seen } = await from('6.6.6.6, 203.0.113.9')
  assert.equal(seen['x-forwarded-for'], '6.6.6.6, 203.0.113.9, 127.0.0.1')
  assert.equal(seen['x-real-ip'], '203.0.113.9')
  const denied = await from('198.51.100.7')
  assert.deepEqual([denied.status, denied.error], [403, 'SP_HTTP_FORBIDDEN'])
})

test('http policy: a body that is too large is a 413, a silent origin a 504', async () => {
  await using route = await routeWith({ maxBody: '1KiB', originTimeout: 1 })
  const large = await route.ask({ method: 'POST', sent: 'x'.repeat(1_025) })
  assert.deepEqual([large.status, large.error], [413, 'SP_HTTP_BODY_TOO_LARGE'])
  const silent = await route.ask({ path: '/silent' })
  assert.deepEqual([silent.status, silent.error], [504, 'SP_ORIGIN_TIMEOUT'])
  assert.equal((await route.ask({ method: 'POST', sent: 'x'.repeat(1_024) })).status, 200)
})

test('http policy: a password is asked for, and the origin never sees it', async () => {
  await using directory = await temporaryDirectory()
  const file = directory.join('users')
  await writeFile(file, `${await formatPasswordLine('ann', 'open sesame')}\n`)
  await using route = await routeWith({ basicAuthFile: file })
  const without = await route.ask()
  assert.equal(without.status, 401)
  assert.match(without.headers['www-authenticate'] ?? '', /^Basic realm="Sallyport"/)
  assert.equal((await route.ask({ auth: 'ann:shut' })).status, 401)
  const right = await route.ask({ auth: 'ann:open sesame' })
  assert.equal(right.status, 200)
  assert.equal(right.seen['authorization'], undefined)
})

test('http policy: paths lead to targets of their own', async () => {
  const other = (label: string) => startServer((_request, response) => void response.end(label))
  await using api = await other('"api"')
  await using newer = await other('"newer"')
  await using route = await routeWith({ paths: { '/api': api.port, '/api/v2': newer.port } })
  const at = async (path: string): Promise<unknown> => (await route.ask({ path })).seen
  assert.equal(await at('/api'), 'api')
  assert.equal(await at('/api/things?x=1'), 'api')
  assert.equal(await at('/api/v2/things'), 'newer')
  assert.equal((await route.ask({ path: '/apiary' })).seen['host'], name)
})
