import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ChunkQueue } from './chunk-queue.ts'

const operation = fc.oneof(
  { weight: 60, arbitrary: fc.record({ act: fc.constant('push' as const), bytes: size() }) },
  { weight: 40, arbitrary: fc.record({ act: fc.constant('shift' as const) }) },
  { weight: 20, arbitrary: fc.record({ act: fc.constant('unshift' as const), bytes: size() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('clear' as const) }) },
)

function size() {
  return fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 4_000, max: 5_000 }))
}

test('chunk queue: gives every byte once and in order, whatever was put together', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300, size: 'max' }), (operations) => {
      const queue = new ChunkQueue()
      let expected = Buffer.alloc(0)
      let next = 0
      const fresh = (bytes: number) => {
        const chunk = Buffer.alloc(bytes)
        for (let at = 0; at < bytes; at++) chunk[at] = next++
        return chunk
      }
      const given: { chunk: Buffer; copy: Buffer }[] = []
      for (const step of operations) {
        if (step.act === 'push' || step.act === 'unshift') {
          const chunk = fresh(step.bytes)
          const all = step.act === 'push' ? [expected, chunk] : [chunk, expected]
          expected = Buffer.concat(all)
          queue[step.act](chunk)
        } else if (step.act === 'clear') {
          queue.clear()
          expected = Buffer.alloc(0)
        } else {
          const chunk = queue.shift()
          assert.equal(chunk === undefined, expected.length === 0)
          if (chunk === undefined) continue
          assert.ok(chunk.equals(expected.subarray(0, chunk.length)))
          expected = expected.subarray(chunk.length)
          given.push({ chunk, copy: Buffer.from(chunk) })
        }
      }
      for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
        assert.ok(chunk.equals(expected.subarray(0, chunk.length)))
        expected = expected.subarray(chunk.length)
      }
      assert.equal(expected.length, 0)
      for (const { chunk, copy } of given) assert.ok(chunk.equals(copy), 'a chunk that was given')
    }),
  )
})

test('chunk queue: many small chunks become few, in memory of their own', () => {
  const queue = new ChunkQueue()
  const source = Buffer.alloc(16_384, 'x')
  for (let at = 0; at < 100_000; at++) queue.push(source.subarray(at % 16_000, (at % 16_000) + 1))
  assert.ok(queue.length < 40, `${queue.length} chunks`)
  let bytes = 0
  let memory = 0
  for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
    assert.notEqual(chunk.buffer, source.buffer)
    bytes += chunk.length
    memory += chunk.buffer.byteLength
  }
  assert.equal(bytes, 100_000)
  assert.ok(memory < 110_000, `${memory} bytes of memory`)
})

test('chunk queue: a large chunk stays the view it was', () => {
  const queue = new ChunkQueue()
  const chunk = Buffer.alloc(16_384).subarray(20)
  queue.push(chunk)
  assert.equal(queue.shift(), chunk)
})

for (const bytes of [1, 10, 100, 1_000, 4_096, 8_000, 8_192, 16_364]) {
  test(`chunk queue: chunks of ${bytes} bytes from records of 16 KiB wait in at most twice their size`, () => {
    const queue = new ChunkQueue()
    const count = Math.ceil(200_000 / bytes)
    for (let at = 0; at < count; at++) {
      queue.push(Buffer.alloc(16_384).subarray(20, 20 + bytes))
    }
    const memories = new Map<ArrayBufferLike, number>()
    for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
      memories.set(chunk.buffer, chunk.buffer.byteLength)
    }
    const memory = [...memories.values()].reduce((one, other) => one + other, 0)
    assert.ok(memory <= 2 * count * bytes, `${memory} bytes of memory`)
  })
}
