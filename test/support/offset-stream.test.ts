import assert from 'node:assert/strict'
import test from 'node:test'
import { OffsetStream, probeBytes } from './offset-stream.ts'

const block = 65_536

test('offset stream: gives the same bytes however they are cut', () => {
  const whole = new OffsetStream(1).bytes(100, 3 * block)
  const stream = new OffsetStream(1)
  for (let offset = 0; offset < whole.length; offset += 9_973) {
    const part = stream.bytes(100 + offset, Math.min(9_973, whole.length - offset))
    assert.ok(part.equals(whole.subarray(offset, offset + part.length)), `at ${offset}`)
  }
})

test('offset stream: differs by key and by block, in about half of all bits', () => {
  const first = new OffsetStream(1).bytes(0, block)
  for (const other of [
    new OffsetStream(2).bytes(0, block),
    new OffsetStream(1).bytes(block, block),
  ]) {
    const equal = other.filter((byte, index) => byte === first[index]).length
    assert.ok(equal < block / 64, `${equal} of ${block} bytes are alike`)
  }
})

test('offset stream: uses every byte value about as often as any other', () => {
  const counts = Array.from({ length: 256 }, () => 0)
  for (const byte of new OffsetStream(3).bytes(0, 16 * block)) {
    counts[byte] = (counts[byte] ?? 0) + 1
  }
  const mean = (16 * block) / 256
  for (const count of counts) assert.ok(Math.abs(count - mean) < mean / 8, String(counts))
})

test('offset stream: matching stops at the first wrong byte', () => {
  const stream = new OffsetStream(4)
  for (const wrong of [0, 1, block - 1, block, 2 * block + 7]) {
    const bytes = stream.bytes(11, 3 * block)
    bytes[wrong] = (bytes[wrong] ?? 0) ^ 1
    assert.equal(stream.matching(bytes, 11), wrong)
  }
  assert.equal(stream.matching(stream.bytes(11, 3 * block), 11), 3 * block)
})

test('offset stream: recognises its bytes at any offset, across block borders, far out', () => {
  const stream = new OffsetStream(5)
  for (const start of [0, 3 * block - 40, 2 ** 32 - 40, 2 ** 47 - 40]) {
    for (let offset = start; offset < start + 80; offset++) {
      assert.equal(stream.locate(stream.bytes(offset, probeBytes)), offset)
    }
  }
})

test('offset stream: recognises no foreign bytes', () => {
  const stream = new OffsetStream(6)
  assert.equal(stream.locate(Buffer.alloc(probeBytes)), undefined)
  assert.equal(stream.locate(stream.bytes(0, probeBytes - 1)), undefined)
  const other = new OffsetStream(7)
  for (let offset = 0; offset < 2_000; offset++) {
    assert.equal(stream.locate(other.bytes(offset * 31, probeBytes)), undefined)
  }
})
