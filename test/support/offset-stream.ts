// The oracle of the byte tests: a pseudo-random stream addressed by offset. Both ends know every
// byte of it without having seen the others, and from a few bytes one can tell where they belong,
// so that lost, repeated, swapped and damaged bytes are each seen as what they are.
//
// A block of 64 KiB is drawn once from the key; block i of the stream is that block with every
// 32-bit word XORed by a word that is a bijection of i. Making it costs a loop over words, checking
// it a memcmp: gigabytes per second. The stream repeats after 2^32 blocks (256 TiB).

const blockBytes = 65_536
const blockWords = blockBytes / 4

/** Bytes by which a place in the stream is recognised: four words, so chance is out of the question. */
export const probeBytes = 19

export class OffsetStream {
  readonly #base: Uint32Array
  readonly #block = new Uint32Array(blockWords)
  readonly #blockBuffer = Buffer.from(this.#block.buffer)
  #blockIndex = -1
  #wordsByDifference: Map<number, number> | undefined

  /** Streams of different keys share nothing: give each direction and each visitor its own. */
  constructor(key: number) {
    this.#base = drawWords(key)
  }

  /** Writes the bytes of the stream from `offset` on over the whole of `target`. */
  fill(target: Uint8Array, offset: number): void {
    for (let done = 0; done < target.length;) {
      const part = this.#from(offset + done, target.length - done)
      target.set(part, done)
      done += part.length
    }
  }

  /** The bytes of the stream from `offset` on. */
  bytes(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    this.fill(bytes, offset)
    return bytes
  }

  /** How many bytes at the start of `bytes` are those of the stream from `offset` on. */
  matching(bytes: Uint8Array, offset: number): number {
    for (let done = 0; done < bytes.length;) {
      const part = this.#from(offset + done, bytes.length - done)
      const seen = bytes.subarray(done, done + part.length)
      if (!part.equals(seen)) return done + firstDifference(part, seen)
      done += part.length
    }
    return bytes.length
  }

  /** The offset at which the first `probeBytes` of `bytes` stand in the stream, if they do. */
  locate(bytes: Buffer): number | undefined {
    if (bytes.length < probeBytes) return undefined
    // The XOR of two words of a block loses the block's word: it names the place inside the block.
    for (let shift = 0; shift < 4; shift++) {
      const first = readWord(bytes, shift)
      const word = this.#placeOf(first ^ readWord(bytes, shift + 4))
      if (word === undefined) continue
      const block = unmixed(first ^ wordAt(this.#base, word))
      const offset = block * blockBytes + word * 4 - shift
      if (offset >= 0 && this.matching(bytes.subarray(0, probeBytes), offset) === probeBytes) {
        return offset
      }
    }
    return this.#locateAcrossBlocks(bytes)
  }

  /** The first two whole words may stand on both sides of a block's border: then later ones do not. */
  #locateAcrossBlocks(bytes: Buffer): number | undefined {
    for (let shift = 0; shift < 4; shift++) {
      const second = readWord(bytes, shift + 8)
      const word = this.#placeOf(readWord(bytes, shift + 4) ^ second)
      if (word !== 0) continue
      const offset = unmixed(readWord(bytes, shift + 4) ^ wordAt(this.#base, 0)) * blockBytes
      const start = offset - 4 - shift
      if (start >= 0 && this.matching(bytes.subarray(0, probeBytes), start) === probeBytes) {
        return start
      }
    }
    return undefined
  }

  #placeOf(difference: number): number | undefined {
    if (!this.#wordsByDifference) {
      this.#wordsByDifference = new Map()
      for (let word = 0; word + 1 < blockWords; word++) {
        const here = wordAt(this.#base, word) ^ wordAt(this.#base, word + 1)
        this.#wordsByDifference.set(here, word)
      }
    }
    return this.#wordsByDifference.get(difference)
  }

  /** A view of the stream from `offset` to the end of its block, at most `length` bytes. */
  #from(offset: number, length: number): Buffer {
    const index = Math.floor(offset / blockBytes)
    if (index !== this.#blockIndex) {
      const mask = mixed(index)
      const base = this.#base
      const block = this.#block
      for (let word = 0; word < blockWords; word++) block[word] = wordAt(base, word) ^ mask
      this.#blockIndex = index
    }
    const start = offset - index * blockBytes
    return this.#blockBuffer.subarray(start, start + length)
  }
}

/** A word inside the array's bounds; the fallback is there for the type only. */
function wordAt(words: Uint32Array, index: number): number {
  return words[index] ?? 0
}

function readWord(bytes: Buffer, offset: number): number {
  return bytes.readInt32LE(offset)
}

function firstDifference(left: Uint8Array, right: Uint8Array): number {
  let index = 0
  while (index < left.length && left[index] === right[index]) index++
  return index
}

/** A block of words from the key: xorshift32, period 2^32 - 1 (Marsaglia 2003). */
function drawWords(key: number): Uint32Array {
  const words = new Uint32Array(blockWords)
  let state = mixed(key ^ 0x5a11_9047) || 1
  for (let word = 0; word < blockWords; word++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[word] = state
  }
  return words
}

// A bijection of 32-bit words and its inverse: neighbouring blocks differ in about half their bits.
// Multiplying by an odd number is undone by its inverse modulo 2^32.
const factor = 0x9e37_79b1
const factorInverse = inverseModulo32(factor)

function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), factor)
  return Math.imul(once ^ (once >>> 16), factor) >>> 0
}

function unmixed(value: number): number {
  const once = Math.imul(value, factorInverse)
  const twice = Math.imul(once ^ (once >>> 16), factorInverse)
  return (twice ^ (twice >>> 16)) >>> 0
}

/** Newton's iteration: each step doubles the number of right bits, from 3. */
function inverseModulo32(odd: number): number {
  let inverse = odd
  for (let step = 0; step < 4; step++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse))
  return inverse
}
