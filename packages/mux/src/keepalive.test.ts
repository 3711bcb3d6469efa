import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { Keepalive } from './keepalive.ts'

function start() {
  const clock = new FakeClock(1_000)
  const pings: number[] = []
  const roundTrips: number[] = []
  let deaths = 0
  const keepalive = new Keepalive({
    clock,
    sendPing: (value) => pings.push(value),
    onRoundTrip: (sampleMs) => roundTrips.push(sampleMs),
    onDead: () => deaths++,
  })
  keepalive.start()
  return { clock, pings, roundTrips, keepalive, deaths: () => deaths }
}

test('keepalive: the first ping leaves at once, the next ones every five seconds', () => {
  const { clock, pings, keepalive } = start()
  assert.equal(pings.length, 1)
  for (let second = 1; second <= 20; second++) {
    clock.advance(1_000)
    keepalive.heard()
  }
  assert.equal(pings.length, 5)
  assert.equal(new Set(pings).size, 5)
})

test('keepalive: a peer that fell silent is dead after 5 to 10 seconds, once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60_000 }), (lastMs) => {
      const { clock, keepalive, deaths } = start()
      const step = 50
      for (let ms = 0; ms <= lastMs; ms += step) {
        keepalive.heard()
        clock.advance(step)
      }
      // The clock stands at most one step after the last byte.
      clock.advance(5_000 - step - 1)
      assert.equal(deaths(), 0)
      clock.advance(5_001)
      assert.equal(deaths(), 1)
      clock.advance(60_000)
      assert.equal(deaths(), 1)
      assert.equal(clock.pendingTimers, 0)
    }),
  )
})

test('keepalive: any byte is life, also when no ping is ever answered', () => {
  const { clock, roundTrips, keepalive, deaths } = start()
  for (let second = 0; second < 600; second += 4) {
    clock.advance(4_000)
    keepalive.heard()
  }
  assert.equal(deaths(), 0)
  assert.deepEqual(roundTrips, [])
})

test('keepalive: the first pings follow one another, because the first of all is slow', () => {
  const { clock, pings, roundTrips, keepalive } = start()
  for (const ms of [20, 3, 1, 0.5]) {
    clock.advance(ms)
    keepalive.heard()
    keepalive.pong(pings.at(-1) ?? 0)
  }
  assert.deepEqual(roundTrips, [20, 3, 1, 0.5])
  assert.equal(pings.length, 4)
  clock.advance(5_000)
  assert.equal(pings.length, 5)
})

test('keepalive: a pong for another ping, or a second one, says nothing', () => {
  const { clock, pings, roundTrips, keepalive } = start()
  clock.advance(10)
  keepalive.pong((pings[0] ?? 0) + 1)
  assert.deepEqual(roundTrips, [])
  keepalive.pong(pings[0] ?? 0)
  clock.advance(10)
  keepalive.pong(pings[0] ?? 0)
  assert.deepEqual(roundTrips, [10])
})

test('keepalive: stop leaves no timer and no death', () => {
  const { clock, keepalive, deaths } = start()
  keepalive.stop()
  assert.equal(clock.pendingTimers, 0)
  clock.advance(60_000)
  assert.equal(deaths(), 0)
})
