import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { shareDescriptors } from './descriptors.ts'
import { standardGateLimits } from './gate-limits.ts'
import { Gate, type GateLimits, type Pass } from './gate.ts'

const many: GateLimits = {
  perAddress: 1_000,
  newPerSecond: 1_000,
  unprovenPerAddress: 1_000,
  undecided: 1_000,
  visitors: 1_000,
  visitorsPerRoute: 1_000,
  visitorsPerAgent: 1_000,
  agents: 1_000,
  isLoopbackExempt: true,
}

function startGate(limits: Partial<GateLimits>) {
  const clock = new FakeClock()
  const gate = new Gate(clock, { ...many, ...limits })
  const ended: number[] = []
  let count = 0
  const enter = (ip = '192.0.2.1'): Pass | undefined => {
    const number = count++
    return gate.enter(ip, () => ended.push(number))
  }
  return { clock, gate, ended, enter }
}

test('gate: an address has so many sockets; another has its own, the loopback none to count', () => {
  const { enter, gate } = startGate({ perAddress: 2 })
  const first = enter()
  assert.ok(first && enter())
  assert.equal(enter(), undefined)
  assert.ok(enter('192.0.2.2'))
  for (let at = 0; at < 5; at++) assert.ok(enter('127.0.0.1') && enter('::ffff:127.0.0.9'))
  first.leave()
  first.leave()
  assert.ok(enter())
  assert.equal(enter(), undefined)
  assert.equal(gate.refused.address, 2)
})

test('gate: the loopback is counted where it is not exempt, and an IPv6 line by its /64', () => {
  const { enter } = startGate({ perAddress: 1, isLoopbackExempt: false })
  assert.ok(enter('127.0.0.1'))
  assert.equal(enter('127.0.0.1'), undefined)
  assert.ok(enter('2001:db8::1'))
  assert.equal(enter('2001:db8::2'), undefined)
  assert.ok(enter('2001:db8:0:1::2'))
})

test('gate: new sockets of an address are as many as a second earns, twice as many at once', () => {
  const { enter, clock, gate } = startGate({ newPerSecond: 2 })
  for (let at = 0; at < 4; at++) enter()?.leave()
  assert.equal(enter(), undefined)
  clock.advance(500)
  assert.ok(enter())
  assert.equal(enter(), undefined)
  clock.advance(60_000)
  for (let at = 0; at < 4; at++) assert.ok(enter())
  assert.equal(enter(), undefined)
  assert.equal(gate.refused.rate, 3)
})

test('gate: one undecided caller too many sends the oldest away', () => {
  const { enter, ended, gate } = startGate({ undecided: 2 })
  const [first, second] = [enter(), enter()]
  first?.becomeVisitor()
  first?.decide()
  enter()
  assert.deepEqual(ended, [])
  enter()
  assert.deepEqual(ended, [1])
  assert.equal(second?.becomeVisitor(), false)
  assert.deepEqual([gate.undecided, gate.visitors], [2, 1])
})

test('gate: above the cap of visitors only agents come in', () => {
  const { enter, gate } = startGate({ visitors: 1, agents: 1 })
  const visitor = enter()
  assert.equal(visitor?.becomeVisitor(), true)
  assert.equal(enter()?.becomeVisitor(), false)
  assert.equal(enter()?.becomeAgent(), true)
  assert.equal(enter()?.becomeAgent(), false)
  visitor.leave()
  assert.equal(enter()?.becomeVisitor(), true)
  assert.deepEqual(
    [gate.visitors, gate.agents, gate.refused.visitors, gate.refused.agents],
    [1, 1, 1, 1],
  )
})

test('gate: so many agents of one address may be unproven at once', () => {
  const { enter } = startGate({ unprovenPerAddress: 1 })
  const first = enter()
  assert.equal(first?.becomeAgent(), true)
  assert.equal(enter()?.becomeAgent(), false)
  first.decide()
  const second = enter()
  assert.equal(second?.becomeAgent(), true)
  second.leave()
  assert.equal(enter()?.becomeAgent(), true)
})

test('gate: other limits hold from then on', () => {
  const { enter, gate } = startGate({ perAddress: 5 })
  enter()
  gate.limit({ ...many, perAddress: 1 })
  assert.equal(enter(), undefined)
})

test('descriptors: the shares stay below the limit, whatever it is', () => {
  for (const [limit, own] of [
    [64, 60],
    [256, 70],
    [1_024, 80],
    [65_536, 100],
    [1_048_576, 5_000],
  ] as const) {
    const { visitors, agents, undecided } = shareDescriptors({ limit, own })
    assert.ok(visitors + agents + undecided + own <= limit, String(limit))
    assert.ok(visitors >= 1 && agents >= 1 && undecided >= 1)
    if (limit > 200) assert.ok(visitors >= (limit - own) / 2)
  }
})

test("gate: a route's and an agent's visitors are at most as many as may come at all", () => {
  const descriptors = { limit: 1_000, own: 0 }
  const { visitors } = standardGateLimits({}, descriptors)
  for (const [limits, perRoute, perAgent] of [
    [{}, visitors, visitors],
    [{ visitors: 50 }, 50, 50],
    [{ visitors_per_route: 5, visitors_per_agent: 1_000_000 }, 5, visitors],
  ] as const) {
    const { visitorsPerRoute, visitorsPerAgent } = standardGateLimits(limits, descriptors)
    assert.deepEqual([visitorsPerRoute, visitorsPerAgent], [perRoute, perAgent])
  }
})
