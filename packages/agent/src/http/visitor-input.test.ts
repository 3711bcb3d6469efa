import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeVisitor } from './edge.test.support.ts'
import { heldViewBytes } from './limits.ts'
import { VisitorInput } from './visitor-input.ts'

test('visitor input: offers chunks in order, and what is left of one again', () => {
  const stream = new FakeVisitor()
  const input = new VisitorInput(stream)
  const seen: string[] = []
  input.add(Buffer.from('abcd'))
  input.add(Buffer.alloc(0))
  input.add(Buffer.from('ef'))
  input.pump((chunk) => {
    seen.push(chunk.toString())
    return chunk.toString() === 'abcd' ? 3 : chunk.length
  })
  assert.deepEqual(seen, ['abcd', 'd', 'ef'])
  assert.equal(stream.credited, 0)
  input.credit()
  assert.equal(stream.credited, 6)
  assert.equal(input.isEmpty, true)
})

test('visitor input: stops when nothing is taken, and is not entered twice', () => {
  const input = new VisitorInput(new FakeVisitor())
  input.add(Buffer.from('ab'))
  let calls = 0
  input.pump(() => {
    calls++
    input.pump(() => assert.fail('a call within a call'))
    return 0
  })
  assert.equal(calls, 1)
  assert.equal(input.isEmpty, false)
})

test('visitor input: dropped chunks count once', () => {
  const stream = new FakeVisitor()
  const input = new VisitorInput(stream)
  input.add(Buffer.from('ab'))
  input.add(Buffer.from('cd'))
  input.pump((chunk) => {
    assert.equal(input.drop(), 4)
    return chunk.length
  })
  input.credit()
  assert.equal(stream.credited, 4)
})

test('visitor input: a small piece that waits does not keep the read that it came with', () => {
  const input = new VisitorInput(new FakeVisitor())
  const read = Buffer.alloc(65_536, 'x')
  input.add(read.subarray(0, 10))
  input.pump(() => 0)
  input.add(read.subarray(0, heldViewBytes))
  input.pump(() => 0)
  const held: Buffer[] = []
  input.pump((chunk) => {
    held.push(chunk)
    return chunk.length
  })
  assert.notEqual(held[0]?.buffer, read.buffer)
  assert.equal(held[0]?.toString(), 'x'.repeat(10))
  assert.equal(held[1]?.buffer, read.buffer)
})
