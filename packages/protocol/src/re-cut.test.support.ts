// How tests cut bytes: one at a time, at every place, or at places that fast-check chooses.
import fc from 'fast-check'

/** Pieces of the given sizes, used in turn until the bytes are spent. */
export function reCut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

/** Both halves, for every place in the bytes. */
export function* everySplit(bytes: Buffer): Generator<[Buffer, Buffer]> {
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
}

/** Sizes of pieces up to `most` bytes. */
export function cutSizes(most: number): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 12 })
}
