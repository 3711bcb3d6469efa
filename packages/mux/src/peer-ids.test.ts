import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { skippedIdsLimit } from './limits.ts'
import { PeerIds } from './peer-ids.ts'

test('peer ids: each may be taken once, in whatever order', () => {
  const order = fc
    .shuffledSubarray(
      Array.from({ length: 60 }, (_, index) => index),
      { minLength: 60 },
    )
    .chain((ids) => fc.constant(ids))
  for (const first of [1, 2] as const) {
    fc.assert(
      fc.property(order, (indices) => {
        const ids = new PeerIds(first)
        for (const index of indices) {
          const id = first + 2 * index
          assert.equal(ids.isUsed(id), false)
          assert.equal(ids.take(id), true)
          assert.equal(ids.isUsed(id), true)
          assert.equal(ids.take(id), false)
        }
      }),
    )
  }
})

test('peer ids: an id of this end is never one', () => {
  for (const first of [1, 2] as const) {
    const ids = new PeerIds(first)
    assert.equal(ids.isPeers(first), true)
    assert.equal(ids.isPeers(first + 1), false)
    assert.equal(ids.take(first + 1), false)
    assert.equal(ids.take(first), true)
    assert.equal(ids.take(first + 3), false)
  }
})

test('peer ids: of a long jump only the last ids may come later', () => {
  const ids = new PeerIds(1)
  const far = 0xffff_ffff
  assert.equal(ids.take(far), true)
  assert.equal(ids.take(1), false)
  assert.equal(ids.take(far - 2 * skippedIdsLimit - 2), false)
  assert.equal(ids.take(far - 2 * skippedIdsLimit), true)
  assert.equal(ids.take(far - 2), true)
})

test('peer ids: forgets the oldest that were skipped', () => {
  const ids = new PeerIds(2)
  for (let id = 6; id < 6 + 8 * skippedIdsLimit; id += 4) assert.equal(ids.take(id), true)
  assert.equal(ids.take(4), false)
  assert.equal(ids.take(8 * skippedIdsLimit), true)
})
