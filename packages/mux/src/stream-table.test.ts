import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StreamTable } from './stream-table.ts'

/** Few homes and many ids, so that they collide, wrap around and move. */
const ids = fc.oneof(
  fc.nat(40),
  fc.nat(5).map((n) => n * 2 ** 20),
  fc.nat(2 ** 32 - 1),
)

test('it does what a Map does, whatever opens and closes', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), ids), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (list) => {
      const model = new Map<number, { readonly id: number }>()
      const table = new StreamTable<{ readonly id: number }>()
      for (const [isAdded, id] of list) {
        if (!isAdded) assert.equal(table.delete(id), model.delete(id))
        else if (!model.has(id)) {
          const stream = { id }
          model.set(id, stream)
          table.add(stream)
        }
        assert.equal(table.size, model.size)
      }
      for (const [, id] of list) assert.equal(table.get(id), model.get(id))
      assert.deepEqual(new Set(table.values()), new Set(model.values()))
    }),
    { numRuns: 500 },
  )
})

test('ten thousand streams come, and all go again in any order', () => {
  const table = new StreamTable<{ readonly id: number }>()
  const count = 10_000
  for (let n = 0; n < count; n++) table.add({ id: 2 * n + 1 })
  // 7,919 is prime to the count: every stream once.
  for (let n = 0; n < count; n++) {
    const id = 2 * ((n * 7_919) % count) + 1
    assert.equal(table.get(id)?.id, id)
    assert.equal(table.delete(id), true)
    assert.equal(table.get(id), undefined)
  }
  assert.equal(table.size, 0)
  assert.deepEqual(table.values(), [])
})

test('cleared, it is as new', () => {
  const table = new StreamTable<{ readonly id: number }>()
  for (let id = 1; id < 100; id++) table.add({ id })
  table.clear()
  assert.equal(table.size, 0)
  assert.equal(table.get(50), undefined)
  table.add({ id: 50 })
  assert.equal(table.get(50)?.id, 50)
})
