import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Linked, LinkedSet } from './linked-set.ts'

class Item implements Linked<Item> {
  older: Item | undefined
  newer: Item | undefined
}

test('it does what a Set does, whatever comes and goes', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(7)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (list) => {
      const items = Array.from({ length: 8 }, () => new Item())
      const model = new Set<Item>()
      const set = new LinkedSet<Item>()
      for (const [step, at] of list) {
        const item = items[at]
        assert(item)
        if (step === 'delete') assert.equal(set.delete(item), model.delete(item))
        else {
          set.add(item)
          model.add(item)
        }
        assert.equal(set.size, model.size)
        assert.deepEqual([...set], [...model])
        assert.equal(set.oldest, [...model][0])
        for (const one of items) assert.equal(set.has(one), model.has(one))
      }
    }),
  )
})

test('who is in it when the walk begins is walked, though it leaves meanwhile', () => {
  const set = new LinkedSet<Item>()
  const items = [new Item(), new Item(), new Item()]
  for (const item of items) set.add(item)
  const seen: Item[] = []
  for (const item of set) {
    seen.push(item)
    for (const one of items) set.delete(one)
  }
  assert.deepEqual(seen, items)
  assert.equal(set.size, 0)
})

test('who left keeps nobody else alive', () => {
  const set = new LinkedSet<Item>()
  const [one, other] = [new Item(), new Item()]
  set.add(one)
  set.add(other)
  set.delete(one)
  assert.deepEqual([one.older, one.newer, other.older], [undefined, undefined, undefined])
})
