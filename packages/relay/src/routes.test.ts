import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { Claim } from './lease.ts'
import { type Grant, Routes } from './routes.ts'

const base: Claim = {
  place: 'name a.test',
  kind: 'tls',
  url: 'tls://a.test:443',
  routeId: 'r0',
  keyId: 'key',
  process: 'P',
  connection: 0,
  held: undefined,
  channelTimeoutMs: 100_000,
}
const bootSpan = 2 ** 32

function createRoutes(boot = 1) {
  const clock = new FakeClock()
  const released: string[] = []
  const loads = new Map<string, number>()
  const routes = new Routes<string>({
    clock,
    boot,
    onReleased: ({ claim }) => released.push(claim.place),
    loadOf: (session) => loads.get(session) ?? 0,
    isFull: (session) => (loads.get(session) ?? 0) >= 10,
  })
  /** Judges and grants, as the registrar does. */
  const claim = (session: string, change: Partial<Claim> = {}): Grant<string> => {
    const asked = { ...base, ...change }
    const verdict = routes.judge(asked)
    if (verdict === 'held' || verdict === 'replaced') assert.fail(verdict)
    return routes.grant(verdict, asked, session)
  }
  const pick = (place = base.place): string | undefined => routes.pick(place)?.session
  return { clock, released, loads, routes, claim, pick }
}

test('routes: a granted route leads to its session, an unknown one nowhere', () => {
  const { claim, pick, routes } = createRoutes()
  assert.equal(pick(), undefined)
  const grant = claim('one')
  assert.deepEqual(grant, { verdict: 'new', generation: bootSpan + 1, fenced: [] })
  assert.deepEqual(routes.pick(base.place), { session: 'one', routeId: 'r0' })
  assert.equal(pick('name b.test'), undefined)
})

test('routes: generations rise with every grant, and over restarts', () => {
  const before = createRoutes(7)
  assert.equal(before.claim('one').generation, 7 * bootSpan + 1)
  assert.equal(before.claim('two', { place: 'name b.test' }).generation, 7 * bootSpan + 2)
  assert.equal(before.claim('three', { process: 'Q' }).generation, 7 * bootSpan + 3)
  assert.ok(createRoutes(8).claim('one').generation > 7 * bootSpan + 3)
  assert.ok(Number.isSafeInteger(createRoutes(2 ** 21 - 1).claim('one').generation))
})

test('routes: two connections of a process serve in turn, in one generation', () => {
  const { claim, pick } = createRoutes()
  const first = claim('one')
  const second = claim('two', { connection: 1 })
  assert.deepEqual(second, { verdict: 'join', generation: first.generation, fenced: [] })
  assert.deepEqual([pick(), pick(), pick(), pick()], ['one', 'two', 'one', 'two'])
})

test('routes: the same connection again fences its dead session only', () => {
  const { claim, pick, routes } = createRoutes()
  const { generation } = claim('one')
  claim('two', { connection: 1 })
  assert.deepEqual(claim('one again'), { verdict: 'replace', generation, fenced: ['one'] })
  assert.deepEqual(new Set([pick(), pick()]), new Set(['one again', 'two']))
  assert.equal(routes.serves('one'), false)
})

test('routes: a new process fences every session of the old one, at once', () => {
  const { claim, pick, routes } = createRoutes()
  claim('one')
  claim('two', { connection: 1 })
  const { generation } = claim('other', { place: 'name b.test' })
  const takeover = claim('new', { process: 'Q' })
  assert.deepEqual(takeover.fenced, ['one', 'two'])
  assert.ok(takeover.generation > generation)
  for (let visit = 0; visit < 10; visit++) assert.equal(pick(), 'new')
  // What it did not ask for stays where it is.
  assert.equal(pick('name b.test'), 'other')
  assert.deepEqual(
    ['one', 'two', 'other', 'new'].map((session) => routes.serves(session)),
    [false, false, true, true],
  )
})

test('routes: a fenced session that leaves takes nothing with it', () => {
  const { claim, pick, routes, clock } = createRoutes()
  claim('old')
  claim('new', { process: 'Q' })
  assert.deepEqual(routes.leave('old'), [])
  assert.equal(pick(), 'new')
  assert.equal(clock.pendingTimers, 0)
})

test('routes: a lease waits for its agent as long as the channel timeout, then is released', () => {
  const { claim, pick, routes, clock, released } = createRoutes()
  claim('one', { channelTimeoutMs: 5_000 })
  assert.deepEqual(
    routes.leave('one').map(({ claim: { place } }) => place),
    [base.place],
  )
  assert.equal(pick(), undefined)
  clock.advance(4_999)
  assert.ok(routes.find(base.place))
  assert.deepEqual(released, [])
  clock.advance(1)
  assert.equal(routes.find(base.place), undefined)
  assert.deepEqual(released, [base.place])
})

test('routes: an agent that comes back in time keeps generation and lease', () => {
  const { claim, pick, routes, clock, released } = createRoutes()
  const { generation } = claim('one')
  routes.leave('one')
  clock.advance(50_000)
  assert.equal(claim('two', { held: generation }).generation, generation)
  assert.equal(pick(), 'two')
  assert.equal(clock.pendingTimers, 0)
  clock.advance(1_000_000)
  assert.deepEqual(released, [])
})

test('routes: a sleeper that comes back first, after a restart, is overtaken by the newer holder', () => {
  const { claim, routes } = createRoutes(2)
  const older = bootSpan + 1
  const newer = bootSpan + 2
  claim('sleeper', { held: older })
  const verdict = routes.judge({ ...base, process: 'Q', held: newer })
  assert.equal(verdict, 'takeOver')
  assert.deepEqual(claim('holder', { process: 'Q', held: newer }).fenced, ['sleeper'])
  assert.equal(routes.judge({ ...base, held: older }), 'replaced')
  assert.equal(routes.judge({ ...base, held: bootSpan * 2 + 1 }), 'replaced')
})

test('routes: a draining session gets no new visitors, and what it has stays', () => {
  const { claim, pick, routes } = createRoutes()
  claim('one')
  claim('two', { connection: 1 })
  routes.drain('one')
  assert.deepEqual([pick(), pick()], ['two', 'two'])
  routes.drain('two')
  assert.equal(pick(), undefined)
  assert.equal(routes.serves('two'), true)
})

test('routes: a session that replaces a draining one is not draining', () => {
  const { claim, pick, routes } = createRoutes()
  claim('one')
  routes.drain('one')
  claim('one again')
  assert.equal(pick(), 'one again')
})

test('routes: all leases of a removed key end at once', () => {
  const { claim, routes, released, clock } = createRoutes()
  claim('one')
  claim('two', { place: 'name b.test' })
  claim('three', { place: 'name c.test', keyId: 'other' })
  routes.leave('two')
  routes.releaseKey('key')
  assert.deepEqual(released, ['name a.test', 'name b.test'])
  assert.deepEqual(
    routes.list().map(({ claim: { place } }) => place),
    ['name c.test'],
  )
  assert.equal(clock.pendingTimers, 0)
})

const pooled = { pool: 'blue' } as const
const other = { keyId: 'other', process: 'Q', ...pooled } as const
const third = { keyId: 'third', process: 'R', ...pooled } as const

/** What the next visitors get. */
function picks(count: number, pick: () => string | undefined): string {
  return Array.from({ length: count }, pick).join(' ')
}

test('pool: keys that ask for the same pool serve one route in strict turn', () => {
  const { claim, pick } = createRoutes()
  claim('a', pooled)
  claim('b', other)
  claim('c', third)
  const first = picks(3, pick)
  assert.deepEqual(first.split(' ').sort(), ['a', 'b', 'c'])
  assert.equal(picks(6, pick), `${first} ${first}`)
})

test('pool: a key with two sessions gets one turn, not two', () => {
  const { claim, pick } = createRoutes()
  claim('a0', pooled)
  claim('a1', { ...pooled, connection: 1 })
  claim('b', other)
  const all = picks(8, pick).split(' ')
  for (const [session, count] of [
    ['a0', 2],
    ['a1', 2],
    ['b', 4],
  ] as const) {
    assert.equal(all.filter((one) => one === session).length, count, session)
  }
})

test('pool: outside it a route is refused to other keys, and so is another kind of route', () => {
  const { claim, routes } = createRoutes()
  claim('a', pooled)
  for (const change of [
    { ...other, pool: undefined },
    { ...other, pool: 'green' },
    { ...other, kind: 'https' as const },
  ]) {
    assert.equal(routes.judge({ ...base, ...change }), 'held')
  }
  claim('b', other)
  // Not even its first holder gets it for itself alone now.
  assert.equal(routes.judge({ ...base, process: 'P2' }), 'held')
  assert.equal(routes.judge({ ...base, ...pooled, process: 'P2' }), 'takeOver')
})

test('pool: who did not ask for one shares with nobody', () => {
  const { claim, routes } = createRoutes()
  claim('a')
  assert.equal(routes.judge({ ...base, ...other }), 'held')
})

test('pool: a taken-over member is fenced alone', () => {
  const { claim, pick } = createRoutes()
  claim('a', pooled)
  claim('b', other)
  assert.deepEqual(claim('a2', { ...pooled, process: 'P2' }).fenced, ['a'])
  assert.deepEqual(picks(4, pick).split(' ').sort(), ['a2', 'a2', 'b', 'b'])
})

test('pool: a dead origin gets no visitors until it is back; all dead, they are asked all the same', () => {
  const { claim, pick, routes } = createRoutes()
  claim('a', pooled)
  claim('b', other)
  assert.equal(routes.setAlive('a', 'r0', false)?.claim.keyId, 'key')
  assert.equal(routes.setAlive('a', 'r0', false), undefined, 'no news')
  assert.equal(picks(3, pick), 'b b b')
  routes.setAlive('b', 'r0', false)
  assert.deepEqual(picks(2, pick).split(' ').sort(), ['a', 'b'])
  routes.setAlive('a', 'r0', true)
  assert.equal(picks(3, pick), 'a a a')
  assert.equal(routes.setAlive('a', 'r7', false), undefined, 'a route that it does not have')
})

test('pool: a draining member, a lost one and a lapsed one are out; the route stays with the others', () => {
  const { claim, clock, pick, released, routes } = createRoutes()
  claim('a', pooled)
  claim('b', other)
  claim('c', third)
  routes.drain('a')
  assert.deepEqual(new Set(picks(4, pick).split(' ')), new Set(['b', 'c']))
  assert.deepEqual(
    routes.leave('b').map(({ claim: { keyId } }) => keyId),
    ['other'],
  )
  assert.equal(picks(3, pick), 'c c c')
  clock.advance(base.channelTimeoutMs)
  assert.deepEqual(released, [base.place])
  assert.ok(routes.find(base.place))
  assert.equal(pick(), 'c')
})

test('pool: by least connections the least loaded key comes next, and ties go in turn', () => {
  const { claim, loads, pick } = createRoutes()
  claim('a', pooled)
  claim('b', { ...other, balance: 'least-connections' })
  loads.set('a', 3).set('b', 1)
  assert.equal(picks(2, pick), 'b b')
  loads.set('b', 5)
  assert.equal(picks(2, pick), 'a a')
  loads.set('a', 5)
  assert.deepEqual(picks(2, pick).split(' ').sort(), ['a', 'b'])
})

test('routes: a full member is passed over, and a route is full when all of them are', () => {
  const { claim, pick, loads, routes } = createRoutes()
  claim('one', { pool: 'blue' })
  claim('two', { pool: 'blue', keyId: 'other', process: 'Q' })
  loads.set('one', 10)
  assert.deepEqual([pick(), pick(), routes.isFull(base.place)], ['two', 'two', false])
  loads.set('two', 10)
  assert.deepEqual([pick(), routes.isFull(base.place)], [undefined, true])
  loads.set('one', 9)
  assert.deepEqual([pick(), routes.isFull(base.place)], ['one', false])
  // With nobody there visitors wait: the route is not full, its agent is away.
  routes.leave('one')
  routes.leave('two')
  assert.equal(routes.isFull(base.place), false)
})
