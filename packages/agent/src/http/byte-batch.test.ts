import assert from 'node:assert/strict'
import test from 'node:test'
import { ByteBatch } from './byte-batch.ts'
import { batchBytes, joinedPieceBytes } from './limits.ts'

interface Write {
  readonly text: string
  readonly isStable: boolean
}

/** A sink that remembers, and takes as long as `takes` says. */
function sink(takes = true) {
  const writes: Write[] = []
  return {
    writes,
    write: (bytes: Buffer, start: number, end: number, isStable: boolean) => {
      writes.push({ text: bytes.toString('latin1', start, end), isStable })
      return takes
    },
  }
}

test('byte batch: small pieces leave in one write', () => {
  const batch = new ByteBatch()
  const to = sink()
  batch.begin(to)
  batch.text('a\xff')
  batch.range(Buffer.from('xbcx'), 1, 3, true)
  batch.text('')
  assert.equal(batch.flush(), true)
  assert.deepEqual(to.writes, [{ text: 'a\xffbc', isStable: false }])
  batch.begin(to)
  assert.equal(batch.flush(), true)
  assert.equal(to.writes.length, 1)
})

test('byte batch: a large piece is written as it is, behind what came before it', () => {
  const batch = new ByteBatch()
  const to = sink()
  const large = Buffer.alloc(joinedPieceBytes + 1, 'x')
  batch.begin(to)
  batch.text('a')
  batch.range(large, 0, large.length, true)
  batch.text('b')
  batch.flush()
  assert.deepEqual(
    to.writes.map(({ text, isStable }) => [text.length, isStable]),
    [
      [1, false],
      [large.length, true],
      [1, false],
    ],
  )
})

test('byte batch: more than it holds is written in between, in order', () => {
  const batch = new ByteBatch()
  const to = sink()
  const piece = Buffer.alloc(joinedPieceBytes, 'x')
  batch.begin(to)
  const pieces = Math.ceil(batchBytes / piece.length) + 1
  for (let turn = 0; turn < pieces; turn++) batch.range(piece, 0, piece.length, false)
  batch.text('end')
  batch.flush()
  assert.ok(to.writes.length > 1)
  const all = to.writes.map(({ text }) => text).join('')
  assert.equal(all.length, pieces * piece.length + 3)
  assert.ok(all.endsWith('xend'))
})

test('byte batch: says when any of its writes asked to hold back', () => {
  const batch = new ByteBatch()
  batch.begin(sink(false))
  batch.text('a')
  assert.equal(batch.flush(), false)
  batch.begin(sink(true))
  batch.text('a')
  assert.equal(batch.flush(), true)
})
