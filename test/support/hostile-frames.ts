// Frames as a hostile peer would write them: mostly right, so that they get deep into a session, and
// then wrong in one place. The same seed gives the same bytes.
import { naiveHeaderBytes } from './naive-frame.ts'

/** xorshift32 (Marsaglia 2003): fast, and the same everywhere. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e37_79b9) | 1
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state >>> 0) % limit
  }

  /** True `times` in `of`. */
  chance(times: number, of: number): boolean {
    return this.below(of) < times
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0]
  }
}

/** Lengths, ids and credits near the edges of rules. */
const edges = [
  0, 1, 2, 3, 255, 256, 65_535, 65_536, 262_143, 262_144, 262_145, 16_777_216, 0x7fff_ffff,
  0x8000_0000, 0xffff_fffe, 0xffff_ffff,
] as const

const noise = Buffer.alloc(8_192, 'hostile bytes ')

export class HostileFrames {
  readonly #random: Random
  /** Of 1,000 frames so many are wrong somewhere. */
  readonly #wrongPerMille: number
  #nextId: number
  /** Ids that mean something: the peer's last ones and the victim's first ones. */
  readonly #ids: number[]

  constructor(random: Random, options: { victim: 'agent' | 'relay'; wrongPerMille: number }) {
    this.#random = random
    this.#wrongPerMille = options.wrongPerMille
    const [own, victims] = options.victim === 'relay' ? [1, 2] : [2, 1]
    this.#nextId = own
    this.#ids = [victims, victims + 2, victims + 4]
  }

  /** Appends one frame to `target` at `at`; returns its end. Needs 8,300 bytes of room. */
  write(target: Buffer, at: number): number {
    const random = this.#random
    let type = 0
    let flags = 0
    let id = this.#ids[random.below(this.#ids.length)] ?? 1
    let length = 0
    const kind = random.below(100)
    if (kind < 15) {
      id = this.#open()
      flags = 1
      type = random.below(2)
      length = type === 0 ? random.below(200) : random.pick([0, 0, 65_536])
      if (random.chance(1, 10)) flags |= random.pick([2, 4, 8, 12])
    } else if (kind < 55) {
      length = random.chance(1, 20) ? random.below(8_000) : random.below(100)
    } else if (kind < 72) {
      type = 1
      length = random.pick([0, 1, 100, 16_384, 65_536, 262_144])
    } else if (kind < 84) {
      type = 2
      id = 0
      flags = random.pick([1, 1, 2])
      length = random.below(1_000)
    } else if (kind < 90) {
      type = random.below(2)
      flags = random.pick([2, 4, 4, 6])
      this.#drop(id, flags)
    } else if (kind < 96) {
      type = random.below(2)
      flags = 8
      this.#drop(id, flags)
    } else if (kind === 96 && random.chance(1, 50)) {
      type = 3
      id = 0
    } else length = random.below(3)

    const end = this.#put(target, at, type, flags, id, length)
    return random.chance(this.#wrongPerMille, 1_000) ? this.#spoil(target, at, end) : end
  }

  #open(): number {
    const id = this.#nextId
    this.#nextId += 2
    this.#ids.push(id)
    if (this.#ids.length > 40) this.#ids.splice(this.#random.below(this.#ids.length), 1)
    return id
  }

  /** Ids whose stream is over are used again now and then, not always. */
  #drop(id: number, flags: number): void {
    if ((flags & 12) === 0 || this.#random.chance(1, 100)) return
    const place = this.#ids.indexOf(id)
    if (place >= 0 && this.#ids.length > 1) this.#ids.splice(place, 1)
  }

  #put(target: Buffer, at: number, type: number, flags: number, id: number, length: number) {
    target[at] = 0
    target[at + 1] = type
    target.writeUInt16BE(flags, at + 2)
    target.writeUInt32BE(id, at + 4)
    target.writeUInt32BE(length, at + 8)
    const payload = type === 0 ? length : 0
    noise.copy(target, at + naiveHeaderBytes, 0, payload)
    return at + naiveHeaderBytes + payload
  }

  /** Makes the frame at `[at, end)` wrong in one way. */
  #spoil(target: Buffer, at: number, end: number): number {
    const random = this.#random
    const place = at + random.below(naiveHeaderBytes)
    switch (random.below(9)) {
      case 0:
        target[place] = (target[place] ?? 0) ^ (1 << random.below(8))
        return end
      case 1:
        target[place] = random.below(256)
        return end
      case 2:
        target.writeUInt32BE(random.pick(edges), at + 8)
        return end
      case 3:
        target.writeUInt32BE(random.pick(edges), at + 4)
        return end
      case 4:
        target.writeUInt16BE(random.below(16), at + 2)
        return end
      case 5:
        target.writeUInt16BE(random.below(0x1_0000), at + 2)
        return end
      case 6:
        return at + random.below(end - at)
      case 7:
        noise.copy(target, end, 0, 50)
        return end + random.below(50)
      default:
        target.copy(target, end, at, end)
        return end + (end - at)
    }
  }
}
