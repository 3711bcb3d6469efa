import assert from 'node:assert/strict'
import test from 'node:test'
import { RecordShelf } from './record-shelf.ts'

test('record shelf: frees each record once its last byte was taken, and no earlier', () => {
  const shelf = new RecordShelf()
  const records = Array.from({ length: 300 }, () => new ArrayBuffer(100))
  const freed = () => records.filter(({ detached }) => detached).length
  let put = 0
  let taken = 0
  for (let round = 0; round < 150; round++) {
    for (let two = 0; two < 2; two++) shelf.put(records[put] ?? assert.fail(), 100 * ++put)
    // It never runs empty: the taker stays a hundred bytes and a half behind.
    taken = Math.max(0, 100 * put - 150)
    shelf.free(taken)
    assert.equal(freed(), Math.floor(taken / 100))
    assert.ok(
      records.slice(0, freed()).every(({ detached }) => detached),
      'the oldest',
    )
  }
  shelf.free(100 * put)
  assert.equal(freed(), 300)
})
