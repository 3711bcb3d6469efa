// Several keys serve one route (--pool): turns, deaths, rolling restarts. The large counts are in
// test/faults/pools.test.ts.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { addKey, joinAgent, publicPort } from '../support/joined-agent.ts'
import { checkKilledMember, checkRollingRestarts } from '../support/pool-checks.ts'
import { startNamedOrigin, startPoolRig } from '../support/pool-rig.ts'
import { request } from '../support/rolling-load.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { runAgent } from '../support/tunnel.ts'

test('pool: visitors go round its keys strictly, whatever their origins do', async () => {
  await using relay = await startInProcessRelay()
  await using a = await startNamedOrigin('a')
  await using b = await startNamedOrigin('b')
  await using one = await joinAgent(relay, a.port, { url: 'tcp://:0', pool: 'blue' })
  const port = publicPort(one)
  const key = await addKey(relay, 'second', `tcp:${port},pool:blue`)
  await using _two = await joinAgent(relay, b.port, { url: `tcp://:${port}`, pool: 'blue', key })
  const names: string[] = []
  for (let visit = 0; visit < 20; visit++) names.push((await request(port)).name)
  assert.equal(names.join(''), names[0] === 'a' ? 'ab'.repeat(10) : 'ba'.repeat(10))
})

test('pool: an endpoint of the file says its own, beside one that is in none', async () => {
  await using rig = await startPoolRig()
  await using a = await startNamedOrigin('a')
  await using b = await startNamedOrigin('b')
  await using one = await rig.start(rig.relay.join, a)
  await using directory = await temporaryDirectory()
  const endpoints = {
    shared: { target: b.port, url: one.url.href, pool: 'blue', health_check: 'tcp' },
    alone: { target: b.port, url: 'tcp://:0' },
  }
  await writeFile(directory.join('agent.yaml'), JSON.stringify({ endpoints }))
  await using two = runAgent(await rig.addKey('two'), [
    '--all',
    '--config',
    directory.join('agent.yaml'),
  ])
  await two.event('ready')
  await using status = runProgram('relay', ['status', '--dir', rig.relay.directory.path])
  await status.expectExit(0)
  assert.deepEqual(
    status.stdout.all
      .filter((line) => line.startsWith('route '))
      .map(poolOf)
      .toSorted(),
    ['first, blue', 'two, blue', 'two, none'],
  )
  const names: string[] = []
  for (let visit = 0; visit < 4; visit++) names.push((await request(one.port)).name)
  assert.deepEqual(names.toSorted(), ['a', 'a', 'b', 'b'])
})

/** Of a line of `relay status`: by whom, and in which pool. */
function poolOf(line: string): string {
  const [, agent = '', pool = 'none'] = /served by ([^,]+)(?:, pool (\w+))?/.exec(line) ?? []
  return `${agent}, ${pool}`
}

test('pool: a second key without it is refused, and so is one without the permission', async () => {
  await using relay = await startInProcessRelay()
  await using a = await startNamedOrigin('a')
  await using one = await joinAgent(relay, a.port, { url: 'tcp://:0', pool: 'blue' })
  const port = publicPort(one)
  const url = `tcp://:${port}`
  const key = await addKey(relay, 'second', `tcp:${port},pool:green`)
  await assert.rejects(joinAgent(relay, a.port, { url, key }), {
    code: 'SP_ROUTE_HELD',
    message: /another agent key holds tcp:.* not asked for as a pool/,
  })
  await assert.rejects(joinAgent(relay, a.port, { url, key, pool: 'blue' }), {
    code: 'SP_NOT_PERMITTED',
    message: /pool blue: agent second may claim/,
  })
  await assert.rejects(joinAgent(relay, a.port, { url, key, pool: 'green' }), {
    code: 'SP_ROUTE_HELD',
    message: /and not as pool green/,
  })
  assert.equal((await request(port)).name, 'a')
})

test('pool: a member whose origin dies is out at the next visitor, and back when it answers', async () => {
  await using relay = await startInProcessRelay()
  await using a = await startNamedOrigin('a')
  const b = await startNamedOrigin('b')
  await using one = await joinAgent(relay, a.port, { url: 'tcp://:0', pool: 'blue' })
  const port = publicPort(one)
  const key = await addKey(relay, 'second', '*')
  const url = `tcp://:${port}`
  await using _two = await joinAgent(relay, b.port, { url, pool: 'blue', key })
  await b[Symbol.asyncDispose]()
  const isHealth = (alive: boolean) => (event: { event: string; alive?: boolean }) =>
    event.event === 'health' && event.alive === alive
  // One visitor at most meets the dead origin: no check has run since.
  const first = [await request(port), await request(port)]
  assert.ok(first.some(({ name }) => name === 'a'))
  await relay.event('death of the origin', isHealth(false))
  for (let visit = 0; visit < 20; visit++) assert.equal((await request(port)).name, 'a')
  await using _back = await startNamedOrigin('b', 0, b.port)
  await relay.event('return of the origin', isHealth(true))
  const names = new Set<string>()
  for (let visit = 0; visit < 4; visit++) names.add((await request(port)).name)
  assert.deepEqual(names, new Set(['a', 'b']))
})

test('pool: with --balance least-connections a busy member gets no more', async () => {
  await using relay = await startInProcessRelay()
  await using slow = await startNamedOrigin('a', 3_000)
  await using fast = await startNamedOrigin('b')
  const pool = { pool: 'blue', balance: 'least-connections' } as const
  await using one = await joinAgent(relay, slow.port, { url: 'tcp://:0', ...pool, drainGraceMs: 1 })
  const port = publicPort(one)
  const key = await addKey(relay, 'second', '*')
  await using _two = await joinAgent(relay, fast.port, { url: `tcp://:${port}`, ...pool, key })
  // Three for each; the visits of the fast one are over soon.
  const visits = Array.from({ length: 6 }, () => request(port))
  const first = await Promise.race(visits)
  assert.equal(first.name, 'b')
  for (let visit = 0; visit < 10; visit++) assert.equal((await request(port)).name, 'b')
  await one.destroy()
})

test('pool: a killed member costs only what it had in hand', async () => {
  await checkKilledMember(200)
})

test('pool: rolling restarts under load lose nothing', async () => {
  await checkRollingRestarts({ restarts: 2, requests: 200 })
})

test('pool: a lone agent that is restarted under load loses nothing, its visitors wait', async () => {
  await checkRollingRestarts({ agents: 1, restarts: 1, requests: 100 })
})
