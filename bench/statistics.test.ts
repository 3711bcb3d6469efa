import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, percentile, summarise } from './statistics.ts'

test('median: the middle one, or the mean of the middle two', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([7]), 7)
})

test('median: orders by value and not as text', () => {
  assert.equal(median([10, 9, 100]), 10)
})

test('percentile: gives a value that was measured, by the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.equal(percentile(hundred, 50), 50)
  assert.equal(percentile(hundred, 99), 99)
  assert.equal(percentile(hundred, 100), 100)
  assert.equal(percentile([5], 99), 5)
  assert.equal(percentile([1, 2], 99), 2)
})

test('summarise: nothing measured is no figure', () => {
  assert.equal(summarise([]), undefined)
  assert.deepEqual(summarise([2, 3, 1]), { median: 2, min: 1, max: 3, count: 3 })
})
