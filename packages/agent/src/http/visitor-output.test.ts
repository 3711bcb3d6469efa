import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeVisitor } from './edge.test.support.ts'
import { VisitorOutput } from './visitor-output.ts'

test('visitor output: what is written while the stream takes nothing is kept, in order', () => {
  const stream = new FakeVisitor()
  const output = new VisitorOutput(stream)
  stream.takes = false
  const bytes = Buffer.from('abc')
  assert.equal(output.write(bytes, 0, 1), false)
  assert.equal(output.write(bytes, 1, 2), false)
  assert.equal(output.write(bytes, 2, 3), false)
  bytes.fill('x')
  assert.equal(stream.received, 'a')
  output.end()
  assert.equal(output.isPending, true)
  stream.drain()
  assert.equal(output.drained(), false)
  stream.drain()
  assert.equal(output.drained(), false)
  assert.equal(stream.received, 'abc')
  assert.equal(stream.hasEnded, true)
  assert.equal(output.isPending, false)
})

test('visitor output: more than the stream takes at once goes in pieces', () => {
  const stream = new FakeVisitor()
  const output = new VisitorOutput(stream)
  const bytes = Buffer.alloc(200_000, 'x')
  assert.equal(output.write(bytes, 0, bytes.length), true)
  assert.equal(stream.received.length, 200_000)
  assert.equal(stream.writes, 4)
})

test('visitor output: goes on at once when the stream does', () => {
  const stream = new FakeVisitor()
  const output = new VisitorOutput(stream)
  stream.takes = false
  output.write(Buffer.from('a'), 0, 1)
  stream.takes = true
  stream.drain()
  assert.equal(output.drained(), true)
  assert.equal(output.isBlocked, false)
  output.end()
  assert.equal(stream.hasEnded, true)
})
