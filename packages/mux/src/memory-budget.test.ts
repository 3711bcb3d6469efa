import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HoldingStream, MemoryBudget } from './memory-budget.ts'

test('budget: is over when it or its parent holds more than it may', () => {
  const all = new MemoryBudget(150)
  const one = new MemoryBudget(100, all)
  const other = new MemoryBudget(100, all)
  one.hold(100)
  assert.equal(one.isOver, false)
  one.hold(1)
  assert.equal(one.isOver, true)
  assert.equal(other.isOver, false)
  other.hold(50)
  assert.equal(other.isOver, true, 'its parent is')
  one.free(101)
  assert.equal(other.isOver, false)
})

test('budget: growth is granted by both or counted by neither', () => {
  const all = new MemoryBudget(150)
  const one = new MemoryBudget(100, all)
  const other = new MemoryBudget(100, all)
  assert.equal(one.grow(100), true)
  assert.equal(one.grow(1), false)
  assert.equal(other.grow(60), false, 'the parent has 50 left')
  assert.equal(other.grow(50), true)
  one.shrink(100)
  assert.equal(other.grow(50), true)
})

test('budget: nothing grows while more is held than allowed', () => {
  const one = new MemoryBudget(100)
  one.hold(101)
  assert.equal(one.grow(1), false)
})

/** Streams in a budget; `gone` names those that were given up, in order. */
function holder(budget: MemoryBudget, streams: Record<string, { held: number; takenMs: number }>) {
  const gone: string[] = []
  const holding = Object.entries(streams).map(([name, { held, takenMs }]): HoldingStream => {
    let heldBytes = held
    budget.hold(held)
    return {
      get heldBytes() {
        return heldBytes
      },
      lastTakenMs: takenMs,
      giveUp: ({ code }) => {
        assert.equal(code, 'SP_STREAM_RESET')
        gone.push(name)
        budget.free(heldBytes)
        heldBytes = 0
      },
    }
  })
  budget.join({ holding: () => holding })
  return gone
}

const now = 60_000

test('budget: over it the fullest of the stalled streams go, until it is kept', () => {
  const budget = new MemoryBudget(100)
  const gone = holder(budget, {
    small: { held: 20, takenMs: 0 },
    large: { held: 40, takenMs: 0 },
    larger: { held: 45, takenMs: 0 },
    takes: { held: 80, takenMs: now - 9_999 },
  })
  budget.relieve(now)
  assert.deepEqual(gone, ['larger', 'large'])
  assert.equal(budget.heldBytes, 100)
})

test('budget: a stream that holds nothing is left alone, however long it is silent', () => {
  const budget = new MemoryBudget(100)
  const gone = holder(budget, {
    idle: { held: 0, takenMs: 0 },
    takes: { held: 150, takenMs: now },
  })
  budget.relieve(now)
  assert.deepEqual(gone, [])
})

test('budget: stalled streams are searched for once a second at most', () => {
  const budget = new MemoryBudget(100)
  const takes = holder(budget, { takes: { held: 120, takenMs: now } })
  budget.relieve(now)
  const stalled = holder(budget, { stalled: { held: 50, takenMs: 0 } })
  budget.relieve(now + 999)
  assert.deepEqual(stalled, [])
  budget.relieve(now + 1_000)
  assert.deepEqual([stalled, takes], [['stalled'], []])
})

test('budget: far over it the fullest go at once, whatever their sinks do', () => {
  const budget = new MemoryBudget(100)
  budget.relieve(now)
  const gone = holder(budget, {
    one: { held: 90, takenMs: now },
    other: { held: 111, takenMs: now },
  })
  budget.relieve(now)
  assert.deepEqual(gone, ['other'])
})

test('budget: the process over its own gives up the fullest of any agent', () => {
  const all = new MemoryBudget(150)
  const [one, other] = [new MemoryBudget(100, all), new MemoryBudget(100, all)]
  const goneOne = holder(one, { one: { held: 90, takenMs: 0 } })
  const goneOther = holder(other, { other: { held: 80, takenMs: 0 } })
  other.relieve(now)
  assert.deepEqual([goneOne, goneOther], [['one'], []])
})
