import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import test from 'node:test'
import { OffsetChecker, type Verdict } from './offset-checker.ts'
import { OffsetStream } from './offset-stream.ts'

const total = 300_000
const right = new OffsetStream(1).bytes(0, total)

/** The verdict on `parts`, cut into chunks of every given size: it may not depend on the cut. */
function judge(...parts: readonly Uint8Array[]): Verdict {
  const bytes = Buffer.concat(parts)
  const verdicts = [97, 16_384, bytes.length].map((size) => {
    const checker = new OffsetChecker(new OffsetStream(1), total)
    for (let at = 0; at < bytes.length; at += size) checker.push(bytes.subarray(at, at + size))
    assert.equal(checker.received, bytes.length)
    return checker.verdict()
  })
  for (const verdict of verdicts) assert.deepEqual(verdict, verdicts[0])
  return verdicts[0] ?? assert.fail('no verdict')
}

const from = (start: number, end = total) => right.subarray(start, end)

test('offset checker: the whole stream is intact', () => {
  assert.deepEqual(judge(right), { kind: 'intact', bytes: total })
})

test('offset checker: an early end is a truncation', () => {
  assert.deepEqual(judge(from(0, 0)), { kind: 'truncated', at: 0, bytes: total })
  assert.deepEqual(judge(from(0, total - 1)), { kind: 'truncated', at: total - 1, bytes: 1 })
})

test('offset checker: bytes after the end are excess, or a repetition of its own', () => {
  assert.deepEqual(judge(right, Buffer.from('x')), { kind: 'excess', at: total, bytes: 1 })
  assert.deepEqual(judge(right, from(total - 50)), { kind: 'repeated', at: total, bytes: 50 })
  const more = new OffsetStream(1).bytes(total, 100)
  assert.deepEqual(judge(right, more), { kind: 'excess', at: total, bytes: 100 })
})

test('offset checker: a gap is a loss, at any size and alignment', () => {
  for (const bytes of [1, 4, 1_001, 65_536, 131_072]) {
    for (const at of [0, 1, 65_530, 99_999]) {
      assert.deepEqual(judge(from(0, at), from(at + bytes)), { kind: 'lost', at, bytes })
    }
  }
})

test('offset checker: what comes twice is a repetition', () => {
  for (const bytes of [20, 16_384, 65_536]) {
    const at = 100_000
    assert.deepEqual(judge(from(0, at), from(at - bytes)), {
      kind: 'repeated',
      at,
      bytes: total - at + bytes,
    })
    assert.deepEqual(judge(from(0, at), from(0, bytes), from(at)), { kind: 'repeated', at, bytes })
  }
})

test('offset checker: what changes places is a reordering', () => {
  for (const bytes of [20, 1_001, 65_536]) {
    const at = 100_000
    const swapped = [from(0, at), from(at + bytes, at + 2 * bytes), from(at, at + bytes)]
    assert.deepEqual(judge(...swapped, from(at + 2 * bytes)), { kind: 'reordered', at, bytes })
  }
})

test('offset checker: a changed bit, a foreign piece and a foreign tail are corruption', () => {
  for (const [at, bytes] of [
    [0, 1],
    [65_535, 2],
    [99_999, 5_000],
    [total - 1, 1],
    [total - 30, 5],
  ] as const) {
    const damaged = Buffer.from(right)
    for (let index = at; index < at + bytes; index++) damaged[index] = (damaged[index] ?? 0) ^ 0x10
    assert.deepEqual(judge(damaged), { kind: 'corrupt', at, bytes })
  }
  const foreign = new OffsetStream(2).bytes(0, 1_000)
  const verdict = judge(from(0, total - 1_000), foreign)
  assert.deepEqual(verdict, { kind: 'corrupt', at: total - 1_000, bytes: 1_000 })
})

test('offset checker: assertIntact names kind, place and size', () => {
  const checker = new OffsetChecker(new OffsetStream(1), total)
  checker.push(from(0, 10))
  checker.push(from(15))
  assert.ok(checker.isSpoiled)
  assert.throws(() => checker.assertIntact(), {
    message: '5 bytes lost at offset 10 of 300000 (299995 received)',
  })
})

test('offset checker: drains a readable to its end', async () => {
  const checker = new OffsetChecker(new OffsetStream(1), total)
  assert.deepEqual(await checker.drain(Readable.from([from(0, 7), from(7)])), {
    kind: 'intact',
    bytes: total,
  })
})
