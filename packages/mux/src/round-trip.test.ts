import assert from 'node:assert/strict'
import test from 'node:test'
import { RoundTrip } from './round-trip.ts'

const secondMs = 1_000

test('round trip: the smallest of the last minute', () => {
  const roundTrip = new RoundTrip()
  assert.equal(roundTrip.smallestMs, undefined)
  roundTrip.add(80, 0)
  assert.equal(roundTrip.smallestMs, 80)
  roundTrip.add(30, 5 * secondMs)
  roundTrip.add(50, 6 * secondMs)
  assert.equal(roundTrip.smallestMs, 30)
  for (let second = 10; second < 60; second += 5) roundTrip.add(200, second * secondMs)
  assert.equal(roundTrip.smallestMs, 30)
  roundTrip.add(200, 70 * secondMs)
  assert.equal(roundTrip.smallestMs, 200)
})

test('round trip: what was before a long silence does not count', () => {
  const roundTrip = new RoundTrip()
  roundTrip.add(1, 0)
  roundTrip.add(100, 300 * secondMs)
  assert.equal(roundTrip.smallestMs, 100)
})
