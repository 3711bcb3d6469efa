import assert from 'node:assert/strict'
import { type Server, createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import test from 'node:test'
import { dialSocket } from '@sallyport/mux'
import type { Target } from '@sallyport/protocol'
import { Changes } from '../../../test/support/changes.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { checkIntervalMs, checkTimeoutMs } from './limits.ts'
import { type OriginCheck, OriginChecks, parseOriginCheck } from './origin-checks.ts'

/** Checks of one origin, and what they told. */
function watching(origin: Target, check: OriginCheck) {
  const clock = new FakeClock()
  const told: boolean[] = []
  const changes = new Changes()
  const checks = new OriginChecks({ clock, dialSocket, routes: [{ id: 'r0', origin, check }] })
  checks.watch((id, isAlive) => {
    assert.equal(id, 'r0')
    told.push(isAlive)
    changes.tell()
  })
  const tells = (count: number) => changes.until(`${count} changes`, () => told.length >= count)
  return { clock, checks, told, tells, [Symbol.dispose]: () => checks.stop() }
}

async function serving(
  status: () => number,
): Promise<{ origin: Target; server: Server; paths: string[] }> {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(status()).end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: { kind: 'tcp', host: '127.0.0.1', port }, server, paths }
}

test('origin checks: by TCP an origin that refuses is dead, and alive when it listens again', async () => {
  const server = createTcpServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  server.close()
  using watched = watching({ kind: 'tcp', host: '127.0.0.1', port }, { kind: 'tcp' })
  watched.checks.start()
  await watched.tells(1)
  assert.deepEqual(watched.told, [false])
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  watched.clock.advance(checkIntervalMs)
  await watched.tells(2)
  assert.deepEqual(watched.told, [false, true])
  server.close()
})

test('origin checks: by HTTP the path is asked for, and a status from 400 on is dead', async () => {
  let status = 503
  const { origin, server, paths } = await serving(() => status)
  using watched = watching(origin, { kind: 'http', path: '/healthz?x=1' })
  watched.checks.start()
  await watched.tells(1)
  status = 204
  watched.clock.advance(checkIntervalMs)
  await watched.tells(2)
  assert.deepEqual(watched.told, [false, true])
  assert.deepEqual(paths, ['/healthz?x=1', '/healthz?x=1'])
  server.close()
})

test('origin checks: an origin that accepts and says nothing, or no HTTP, is dead by HTTP', async () => {
  const server = createTcpServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  using watched = watching({ kind: 'tcp', host: '127.0.0.1', port }, { kind: 'http', path: '/' })
  const accepted = new Promise((resolve) => server.once('connection', resolve))
  watched.checks.start()
  await accepted
  watched.clock.advance(checkTimeoutMs)
  await watched.tells(1)
  assert.deepEqual(watched.told, [false])
  server.close()
})

test('origin checks: what a visitor found is news at once, and is told to who watches later', () => {
  const origin: Target = { kind: 'tcp', host: '127.0.0.1', port: 9 }
  using watched = watching(origin, { kind: 'tcp' })
  watched.checks.refused(origin)
  watched.checks.refused(origin)
  assert.deepEqual(watched.told, [false])
  const late: boolean[] = []
  const unwatch = watched.checks.watch((_id, isAlive) => late.push(isAlive))
  assert.deepEqual(late, [false])
  unwatch()
})

test('origin checks: a dead origin that is checked no longer counts as alive again', () => {
  const origin: Target = { kind: 'tcp', host: '127.0.0.1', port: 9 }
  using watched = watching(origin, { kind: 'tcp' })
  watched.checks.refused(origin)
  watched.checks.setRoutes([])
  assert.deepEqual(watched.told, [false, true])
  watched.checks.refused(origin)
  assert.deepEqual(watched.told, [false, true])
  assert.equal(watched.clock.pendingTimers, 0)
})

test('origin checks: are read from words', () => {
  assert.deepEqual(parseOriginCheck('tcp', 'x'), { kind: 'tcp' })
  assert.equal(parseOriginCheck('off', 'x'), undefined)
  assert.deepEqual(parseOriginCheck('/up', 'x'), { kind: 'http', path: '/up' })
  for (const text of ['', 'http', 'up', '/a b', '/a\r\nX: y']) {
    assert.throws(() => parseOriginCheck(text, '--health-check'), { code: 'SP_USAGE' })
  }
})
