import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { naiveDecode, naiveEncode } from '../../../test/support/naive-frame.ts'
import { SallyportError } from './errors.ts'
import { FrameDecoder, type FrameHandler } from './frame-decoder.ts'

/** Writes down what a decoder tells; the pieces of a payload are joined, for their cut is free. */
class Recorder implements FrameHandler {
  readonly frames: string[] = []
  #due = 0
  #pieces: Buffer[] = []

  onData(streamId: number, flags: number, length: number): void {
    assert.equal(this.#due, 0, 'a header inside a payload')
    this.#due = length
    this.frames.push(`0 ${flags} ${streamId} ${length}`)
  }

  onPayload(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const piece = Buffer.from(bytes.subarray(start, end))
    assert.ok(piece.length > 0 && piece.length <= this.#due, 'a piece of the right size')
    this.#due -= piece.length
    assert.equal(isLast, this.#due === 0)
    this.#pieces.push(piece)
    if (isLast) this.frames.push(Buffer.concat(this.#pieces.splice(0)).toString('hex'))
  }

  onWindowUpdate(streamId: number, flags: number, credit: number): void {
    this.frames.push(`1 ${flags} ${streamId} ${credit}`)
  }

  onPing(flags: number, value: number): void {
    this.frames.push(`2 ${flags} 0 ${value}`)
  }

  onGoAway(reason: number): void {
    this.frames.push(`3 0 0 ${reason}`)
  }
}

/** The same from the naive twin; go away's flags mean nothing. */
function naiveFrames(bytes: Buffer): string[] {
  return naiveDecode(bytes).frames.flatMap(({ type, flags, streamId, length, payload }) => {
    const header = `${type} ${type === 3 ? 0 : flags} ${streamId} ${length}`
    return payload.length > 0 ? [header, payload.toString('hex')] : [header]
  })
}

function decode(chunks: readonly Buffer[]): string[] {
  const recorder = new Recorder()
  const decoder = new FrameDecoder(recorder)
  for (const chunk of chunks) decoder.push(chunk)
  return recorder.frames
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, next = 0; at < bytes.length; next++) {
    const size = sizes[next % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

const flags = fc.nat(15)
const streamId = fc.integer({ min: 1, max: 0xffff_ffff })
const value = fc.integer({ min: 0, max: 0xffff_ffff })
const validFrame = fc.oneof(
  fc
    .record({ flags, streamId, payload: fc.uint8Array({ maxLength: 70 }) })
    .map((frame) => ({ type: 0, ...frame })),
  fc.record({ flags, streamId, length: value }).map((frame) => ({ type: 1, ...frame })),
  fc.record({ flags, length: value }).map((frame) => ({ type: 2, ...frame })),
  fc.record({ flags, length: value }).map((frame) => ({ type: 3, ...frame })),
)
const validStream = fc
  .array(validFrame, { minLength: 1, maxLength: 20 })
  .map((frames) => Buffer.concat(frames.map((frame) => naiveEncode(frame))))

test('frame decoder: every cut of a valid stream gives what the naive twin gives', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(validStream, sizes, (bytes, cuts) => {
      const expected = naiveFrames(bytes)
      assert.deepEqual(decode([bytes]), expected)
      assert.deepEqual(decode(cut(bytes, cuts)), expected)
      assert.deepEqual(decode(cut(bytes, [1])), expected)
    }),
    { numRuns: 1_000 },
  )
})

test('frame decoder: what is cut off the end is awaited, never guessed', () => {
  fc.assert(
    fc.property(validStream, fc.nat(), (bytes, place) => {
      const at = place % bytes.length
      const recorder = new Recorder()
      const decoder = new FrameDecoder(recorder)
      decoder.push(bytes.subarray(0, at))
      const { frames } = naiveDecode(bytes.subarray(0, at))
      assert.ok(recorder.frames.length <= naiveFrames(bytes).length)
      assert.ok(recorder.frames.length >= frames.length)
      decoder.push(bytes.subarray(at))
      assert.deepEqual(recorder.frames, naiveFrames(bytes))
    }),
  )
})

/** Written from the specification: which 12 bytes are a header at all. */
function isAllowed(header: Buffer): boolean {
  const [version, type, flagsHigh, flagsLow] = header
  if (version !== 0 || type === undefined || type > 3) return false
  if (flagsHigh !== 0 || flagsLow === undefined || flagsLow > 15) return false
  const isSessions = header.subarray(4, 8).every((byte) => byte === 0)
  return type < 2 ? !isSessions : isSessions
}

test('frame decoder: SP_PROTOCOL for exactly the headers that the specification does not allow', () => {
  const mostly = (usual: number, other: number) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, fc.nat(other))
  const header = fc
    .record({
      version: mostly(0, 255),
      type: fc.nat(4),
      flags: fc.oneof({ weight: 9, arbitrary: fc.nat(15) }, fc.nat(0xffff)),
      streamId: fc.oneof(fc.constant(0), value),
      length: value,
    })
    .map((fields) => naiveEncode(fields))
  const seen = { allowed: 0, refused: 0 }
  fc.assert(
    fc.property(header, fc.integer({ min: 1, max: 12 }), (bytes, size) => {
      const run = () => decode(cut(bytes, [size]))
      if (isAllowed(bytes)) {
        seen.allowed++
        assert.equal(run().length, 1)
      } else {
        seen.refused++
        assert.throws(
          run,
          (error) => error instanceof SallyportError && error.code === 'SP_PROTOCOL',
        )
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(seen.allowed > 200 && seen.refused > 200, JSON.stringify(seen))
})

for (const [what, header, message] of [
  ['another version', { version: 1, streamId: 1 }, /frame version 1/],
  ['an unknown type', { type: 4 }, /frame type 4/],
  ['an unknown flag', { flags: 16, streamId: 1 }, /flags 0x10/],
  ['a flag in the upper byte', { flags: 0x100, streamId: 1 }, /flags 0x100/],
  ['data on stream 0', { type: 0 }, /data frame on stream 0/],
  ['a window update on stream 0', { type: 1 }, /window update frame on stream 0/],
  ['a ping on a stream', { type: 2, streamId: 3 }, /ping frame on stream 3/],
  ['a go away on a stream', { type: 3, streamId: 3 }, /go away frame on stream 3/],
] as const) {
  test(`frame decoder: refuses ${what}, and says nothing of what follows`, () => {
    const before = naiveEncode({ type: 2, flags: 1, length: 7 })
    const after = naiveEncode({ type: 2, flags: 1, length: 8 })
    const bytes = Buffer.concat([before, naiveEncode(header), after])
    for (const size of [1, 5, bytes.length]) {
      const recorder = new Recorder()
      const decoder = new FrameDecoder(recorder)
      const push = () => {
        for (const chunk of cut(bytes, [size])) decoder.push(chunk)
      }
      assert.throws(push, { code: 'SP_PROTOCOL', message })
      assert.deepEqual(recorder.frames, ['2 1 0 7'])
    }
  })
}

test('frame decoder: a length of 4 GiB is told before any payload, and nothing is kept of it', () => {
  const told: number[] = []
  let passed = 0
  const decoder = new FrameDecoder({
    onData: (_id, _flags, length) => told.push(length),
    onPayload: (bytes, start, end, isLast) => {
      assert.equal(bytes, chunk, 'not a copy')
      assert.ok(!isLast)
      passed += end - start
    },
    onWindowUpdate: () => assert.fail('no window update'),
    onPing: () => assert.fail('no ping'),
    onGoAway: () => assert.fail('no go away'),
  })
  const chunk = Buffer.alloc(1024 * 1024)
  decoder.push(naiveEncode({ streamId: 1, length: 0xffff_ffff }))
  assert.deepEqual(told, [0xffff_ffff])
  for (let round = 0; round < 100; round++) decoder.push(chunk)
  assert.equal(passed, 100 * chunk.length)
})

test('frame decoder: a handler that refuses a length sees nothing of the payload', () => {
  const decoder = new FrameDecoder({
    onData: () => {
      throw new SallyportError('SP_PROTOCOL', 'too long')
    },
    onPayload: () => assert.fail('payload'),
    onWindowUpdate: () => {},
    onPing: () => {},
    onGoAway: () => {},
  })
  const bytes = naiveEncode({ streamId: 1, payload: Buffer.alloc(100) })
  assert.throws(() => decoder.push(bytes), /too long/)
})
