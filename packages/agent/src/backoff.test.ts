import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from './backoff.ts'

/** A backoff whose clock stands still unless moved, and whose jitter takes the whole ceiling. */
function backoffAt(random: () => number) {
  const clock = { nowMs: 5_000 }
  const backoff = new Backoff({ now: () => clock.nowMs, random })
  backoff.begin()
  return { backoff, clock }
}

/** The largest value below 1: shows the ceiling itself. */
const almostOne = () => 1 - Number.EPSILON

test('backoff: the ceiling doubles from 100 ms and stays at 500 ms during the first minute', () => {
  const { backoff, clock } = backoffAt(almostOne)
  const delays = [1, 2, 3, 4, 5].map(() => backoff.nextDelayMs())
  clock.nowMs += 59_999
  delays.push(backoff.nextDelayMs())
  assert.deepEqual(delays, [99, 199, 399, 499, 499, 499])
})

test('backoff: after the first minute the ceiling goes on doubling to 15 s', () => {
  const { backoff, clock } = backoffAt(almostOne)
  for (let tries = 0; tries < 200; tries++) backoff.nextDelayMs()
  clock.nowMs += 60_000
  const delays = [1, 2, 3, 4, 5, 6, 7].map(() => backoff.nextDelayMs())
  assert.deepEqual(delays, [999, 1_999, 3_999, 7_999, 14_999, 14_999, 14_999])
})

test('backoff: full jitter spreads delays evenly from 0 to the ceiling', () => {
  const buckets = Array.from({ length: 10 }, () => 0)
  for (let draw = 0; draw < 10_000; draw++) {
    const backoff = new Backoff({ now: () => 0, random: () => (draw + 0.5) / 10_000 })
    backoff.begin()
    const delayMs = backoff.nextDelayMs()
    assert.ok(delayMs >= 0 && delayMs < 100, `${delayMs} is out of bounds`)
    const bucket = Math.floor(delayMs / 10)
    buckets[bucket] = (buckets[bucket] ?? 0) + 1
  }
  assert.deepEqual(
    buckets,
    Array.from({ length: 10 }, () => 1_000),
  )
})

test('backoff: with the true random source every delay lies within its bounds', () => {
  const { backoff } = backoffAt(Math.random)
  const ceilings = [100, 200, 400, ...Array.from({ length: 997 }, () => 500)]
  for (const ceiling of ceilings) {
    const delayMs = backoff.nextDelayMs()
    assert.ok(Number.isInteger(delayMs) && delayMs >= 0 && delayMs < ceiling)
  }
})

test('backoff: a dial has 2 s in the first minute of an outage and 10 s later on', () => {
  const { backoff, clock } = backoffAt(almostOne)
  clock.nowMs += 59_999
  assert.equal(backoff.dialTimeoutMs(), 2_000)
  clock.nowMs += 1
  assert.equal(backoff.dialTimeoutMs(), 10_000)
})

test('backoff: reset starts the next outage afresh; begin does not prolong a running one', () => {
  const { backoff, clock } = backoffAt(almostOne)
  clock.nowMs += 60_000
  backoff.begin()
  assert.equal(backoff.dialTimeoutMs(), 10_000)
  for (let tries = 0; tries < 9; tries++) backoff.nextDelayMs()

  backoff.reset()
  clock.nowMs += 1_000_000
  backoff.begin()
  assert.equal(backoff.dialTimeoutMs(), 2_000)
  assert.equal(backoff.nextDelayMs(), 99)
})
