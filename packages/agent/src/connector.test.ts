import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, SallyportError, errorTable } from '@sallyport/protocol'
import { Backoff } from './backoff.ts'
import {
  Connector,
  type ConnectorEvent,
  type ConnectorState,
  type Link,
  type LinkEvents,
  type StateName,
  transitions,
} from './connector.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'

interface FakeLink extends Link {
  readonly events: LinkEvents
  readonly atMs: number
  closed: number
  drained: (() => void) | undefined
}

/** A connector over links made of nothing; `random` 0.5 halves every ceiling. */
function startConnector(options: { retry?: boolean; random?: () => number } = {}) {
  const clock = new FakeClock()
  const links: FakeLink[] = []
  const states: ConnectorState[] = []
  const connector = new Connector({
    clock,
    backoff: new Backoff({ now: () => clock.now(), random: options.random ?? (() => 0.5) }),
    retry: options.retry ?? true,
    drainGraceMs: 30_000,
    startLink: (events) => {
      const link: FakeLink = {
        events,
        atMs: clock.now(),
        closed: 0,
        drained: undefined,
        drain: (drained) => (link.drained = drained),
        register: () => {},
        close: () => link.closed++,
      }
      links.push(link)
      return link
    },
    onState: (state) => states.push(state),
  })
  const link = (): FakeLink => {
    const last = links.at(-1)
    assert.ok(last, 'no link was started')
    return last
  }
  return { clock, connector, links, states, link, names: () => states.map((state) => state.name) }
}

type Rig = ReturnType<typeof startConnector>

const lost = (code: ErrorCode = 'SP_SESSION_LOST') => new SallyportError(code, 'it broke')

/** Ways into every state. */
const reach: Record<StateName, (rig: Rig) => void> = {
  idle: () => {},
  connecting: (rig) => rig.connector.start(),
  opening: (rig) => (reach.connecting(rig), rig.link().events.connected()),
  serving: (rig) => (reach.opening(rig), rig.link().events.registered()),
  waiting: (rig) => (reach.connecting(rig), rig.link().events.lost(lost())),
  draining: (rig) => (reach.serving(rig), rig.connector.drain()),
  stopped: (rig) => (reach.serving(rig), rig.connector.stop()),
}

/** Ways to raise every event. A link's events need a link: without one they cannot happen. */
const raise: Record<ConnectorEvent, (rig: Rig) => void> = {
  start: (rig) => rig.connector.start(),
  connected: (rig) => rig.links.at(-1)?.events.connected(),
  registered: (rig) => rig.links.at(-1)?.events.registered(),
  failed: (rig) => rig.links.at(-1)?.events.lost(lost()),
  refused: (rig) => rig.links.at(-1)?.events.lost(lost('SP_KEY_REFUSED')),
  timeout: (rig) => rig.clock.advance(rig.connector.state.name === 'serving' ? 30_000 : 31_000),
  drain: (rig) => rig.connector.drain(),
  drained: (rig) => rig.links.at(-1)?.drained?.(),
  stop: (rig) => rig.connector.stop(),
}

const stateNames = Object.keys(reach) as StateName[]
const eventNames = Object.keys(raise) as ConnectorEvent[]

for (const state of stateNames) {
  for (const event of eventNames) {
    const listed: StateName | undefined = (
      transitions[state] as Partial<Record<ConnectorEvent, StateName>>
    )[event]
    test(`connector: ${state} × ${event} → ${listed ?? 'unchanged'}`, () => {
      const rig = startConnector()
      reach[state](rig)
      assert.equal(rig.connector.state.name, state)
      const before = rig.states.length
      raise[event](rig)
      if (listed === undefined) assert.equal(rig.states.length, before)
      else assert.equal(rig.states[before]?.name, listed)
    })
  }

  test(`connector: stopping while ${state} leaves no timer and no open link`, () => {
    const rig = startConnector()
    reach[state](rig)
    rig.connector.stop()
    assert.equal(rig.connector.state.name, 'stopped')
    assert.equal(rig.clock.pendingTimers, 0)
    assert.deepEqual(
      rig.links.map((link) => link.closed),
      rig.links.map(() => 1),
    )
    const count = rig.states.length
    for (const link of rig.links) link.events.lost(lost())
    rig.clock.advance(1_000_000)
    assert.equal(rig.states.length, count, 'something still ran after the stop')
  })
}

test('connector: retries the first connect like any other', () => {
  const rig = startConnector()
  rig.connector.start()
  rig.link().events.lost(lost('SP_UNREACHABLE'))
  assert.deepEqual(rig.connector.state.delayMs, 50)
  rig.clock.advance(50)
  rig.link().events.connected()
  rig.link().events.registered()
  assert.deepEqual(rig.names(), ['connecting', 'waiting', 'connecting', 'opening', 'serving'])
  assert.equal(rig.states[1]?.error?.code, 'SP_UNREACHABLE')
})

test('connector: gives a dial up after 2 s, and after 10 s once the outage is a minute old', () => {
  const rig = startConnector({ random: () => 0 })
  rig.connector.start()
  for (let tries = 0; tries < 40; tries++) rig.clock.advance(2_000)
  const gaps = rig.links.map((link, index) => link.atMs - (rig.links[index - 1]?.atMs ?? link.atMs))
  assert.deepEqual(
    gaps.slice(1, 31),
    Array.from({ length: 30 }, () => 2_000),
  )
  assert.deepEqual(gaps.slice(31), [10_000, 10_000])
  assert.match(rig.states.at(-2)?.error?.message ?? '', /did not answer within 10 s/)
  assert.ok(rig.links.slice(0, -1).every((link) => link.closed === 1))
})

test('connector: what a link says after it was given up is not heard', () => {
  const rig = startConnector()
  rig.connector.start()
  const [first] = rig.links
  rig.clock.advance(2_000 + 50)
  assert.deepEqual([rig.links.length, rig.connector.state.name], [2, 'connecting'])
  const before = rig.states.length
  first?.events.connected()
  first?.events.registered()
  first?.events.lost(lost('SP_KEY_REFUSED'))
  assert.equal(rig.states.length, before)
})

test('connector: a silent relay after the upgrade is given up too', () => {
  const rig = startConnector()
  reach.opening(rig)
  rig.clock.advance(1_999)
  assert.equal(rig.connector.state.name, 'opening')
  rig.clock.advance(1)
  assert.equal(rig.connector.state.name, 'waiting')
  assert.match(rig.connector.state.error?.message ?? '', /did not answer the registration/)
})

test('connector: waits up to 500 ms in the first minute of an outage and up to 15 s later', () => {
  const rig = startConnector({ random: () => 1 - Number.EPSILON })
  const startMs = rig.clock.now()
  rig.connector.start()
  let early = 0
  let late = 0
  while (rig.clock.now() - startMs < 600_000) {
    rig.link().events.lost(lost('SP_UNREACHABLE'))
    const delayMs = rig.connector.state.delayMs ?? Number.NaN
    if (rig.clock.now() - startMs < 60_000) early = Math.max(early, delayMs)
    else late = Math.max(late, delayMs)
    rig.clock.advance(delayMs)
  }
  assert.deepEqual([early, late], [499, 14_999])
})

test('connector: a session that stood for 30 s resets the backoff, a shorter one does not', () => {
  const rig = startConnector({ random: () => 1 - Number.EPSILON })
  const serveFor = (ms: number): number => {
    rig.link().events.connected()
    rig.link().events.registered()
    rig.clock.advance(ms)
    rig.link().events.lost(lost())
    const { delayMs = Number.NaN } = rig.connector.state
    rig.clock.advance(delayMs)
    return delayMs
  }
  rig.connector.start()
  assert.deepEqual([serveFor(1_000), serveFor(29_999), serveFor(29_999)], [99, 199, 399])
  assert.equal(serveFor(30_000), 99)
})

for (const [code, rule] of Object.entries(errorTable)) {
  test(`connector: ${code} ${rule.retry ? 'is retried' : 'ends it'}`, () => {
    for (const state of ['connecting', 'opening', 'serving'] as const) {
      const rig = startConnector()
      reach[state](rig)
      rig.link().events.lost(lost(code as ErrorCode))
      assert.equal(rig.connector.state.name, rule.retry ? 'waiting' : 'stopped')
      assert.equal(rig.connector.state.error?.code, code)
      assert.equal(rig.clock.pendingTimers, rule.retry ? 1 : 0)
    }
  })
}

test('connector: without retries any curable failure ends with SP_UNREACHABLE', () => {
  for (const state of ['connecting', 'opening', 'serving'] as const) {
    const rig = startConnector({ retry: false })
    reach[state](rig)
    rig.link().events.lost(lost('SP_SESSION_LOST'))
    assert.equal(rig.connector.state.name, 'stopped')
    assert.equal(rig.connector.state.error?.code, 'SP_UNREACHABLE')
    assert.equal(rig.clock.pendingTimers, 0)
  }
})

test('connector: without retries a silent relay ends with SP_UNREACHABLE, a refusal with its own', () => {
  const silent = startConnector({ retry: false })
  silent.connector.start()
  silent.clock.advance(2_000)
  assert.equal(silent.connector.state.name, 'stopped')
  assert.equal(silent.connector.state.error?.code, 'SP_UNREACHABLE')

  const refused = startConnector({ retry: false })
  refused.connector.start()
  refused.link().events.lost(lost('SP_PIN_MISMATCH'))
  assert.equal(refused.connector.state.error?.code, 'SP_PIN_MISMATCH')
})

test('connector: a drain that finishes has no error, one cut off by the grace has', () => {
  const finished = startConnector()
  reach.draining(finished)
  finished.clock.advance(29_999)
  finished.link().drained?.()
  assert.equal(finished.connector.state.name, 'stopped')
  assert.equal(finished.connector.state.error, undefined)

  const cut = startConnector()
  reach.draining(cut)
  cut.clock.advance(30_000)
  assert.equal(cut.connector.state.error?.code, 'SP_ABORTED')
  assert.equal(cut.link().closed, 1)
})
