import assert from 'node:assert/strict'
import test from 'node:test'
import { createInspectorTest } from './inspector.test.support.ts'
import type { Exchange } from './exchange.ts'
import { ExchangeStore } from './exchange-store.ts'
import { begin } from './inspector.test.support.ts'
import { maxBodyBytes, maxHeldBytes } from './limits.ts'

function exchanges(count: number): readonly Exchange[] {
  const { pass } = createInspectorTest()
  return Array.from({ length: count }, (_, index) => pass({ target: `/${index}` }))
}

test('store: the oldest go when there are too many', () => {
  const store = new ExchangeStore({ maxBytes: 1_000_000, maxExchanges: 2 })
  for (const exchange of exchanges(3)) store.add(exchange)
  assert.deepEqual(
    store.newestFirst().map(({ target }) => target),
    ['/2', '/1'],
  )
  assert.equal(store.get('1'), undefined)
})

test('store: the oldest go when they take too much, and their bytes are given back', () => {
  const store = new ExchangeStore({ maxBytes: 10_000, maxExchanges: 100 })
  const [one, two, three] = exchanges(3)
  assert.ok(one && two && three)
  store.add(one)
  store.add(two)
  assert.equal(store.grow(one, 4_000), true)
  assert.equal(store.grow(two, 4_000), true)
  store.add(three)
  assert.deepEqual(
    store.newestFirst().map(({ id }) => id),
    ['3', '2'],
  )
  assert.ok(store.bytes <= 10_000)
  assert.equal(store.grow(one, 1), false)
  store.clear()
  assert.equal(store.bytes, 0)
})

test('store: 200 MB that pass leave no more than the bound, whatever goes on meanwhile', () => {
  const { inspector, clock } = createInspectorTest()
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const open = Array.from({ length: 10 }, () => begin(inspector, {}))
  for (let sent = 0; sent < 200; sent++) {
    clock.advance(1_000)
    const observer = begin(inspector, {})
    for (let at = 0; at < maxBodyBytes; at += chunk.length) {
      observer.onResponseBody?.(chunk, 0, chunk.length)
      for (const other of open) other.onRequestBody?.(chunk, 0, 512)
    }
    observer.onEnd?.({ requestBytes: 0, responseBytes: maxBodyBytes, error: undefined })
    assert.ok(inspector.exchanges.bytes <= maxHeldBytes)
  }
  const held = inspector.exchanges.newestFirst()
  const real = held.reduce(
    (sum, { requestBody, responseBody }) =>
      sum + requestBody.bytes.length + responseBody.bytes.length,
    0,
  )
  assert.ok(real <= inspector.exchanges.bytes)
  assert.ok(held.length > 40)
})

test('store: tells who listens, until it does not', () => {
  const store = new ExchangeStore()
  const told: string[] = []
  const unlisten = store.listen({
    changed: ({ id }) => told.push(id),
    cleared: () => told.push('cleared'),
  })
  const [one, two] = exchanges(2)
  assert.ok(one && two)
  store.add(one)
  store.changed(one)
  store.changed(two)
  store.clear()
  unlisten()
  store.add(two)
  assert.deepEqual(told, ['1', '1', 'cleared'])
})
