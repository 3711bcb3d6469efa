import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeClock } from './fake-clock.ts'

test('fake clock: runs timers in order, each at its own time', () => {
  const clock = new FakeClock(1_000)
  const seen: string[] = []
  clock.setTimeout(() => seen.push(`late ${clock.now()}`), 20)
  clock.setTimeout(() => seen.push(`first ${clock.now()}`), 10)
  clock.setTimeout(() => seen.push(`second ${clock.now()}`), 10)
  assert.equal(clock.nextTimerMs, 10)
  clock.advance(9)
  assert.deepEqual(seen, [])
  clock.advance(11)
  assert.deepEqual(seen, ['first 1010', 'second 1010', 'late 1020'])
  assert.equal(clock.now(), 1_020)
})

test('fake clock: runs a timer that a timer set, when it is due in the same step', () => {
  const clock = new FakeClock()
  const seen: number[] = []
  clock.setTimeout(() => clock.setTimeout(() => seen.push(clock.now()), 5), 5)
  clock.advance(10)
  assert.deepEqual(seen, [10])
})

test('fake clock: a cleared timer never runs and is no longer pending', () => {
  const clock = new FakeClock()
  const timer = clock.setTimeout(() => assert.fail('ran'), 1)
  assert.equal(clock.pendingTimers, 1)
  clock.clearTimeout(timer)
  clock.clearTimeout(undefined)
  clock.advance(100)
  assert.equal(clock.pendingTimers, 0)
  assert.equal(clock.nextTimerMs, undefined)
})
