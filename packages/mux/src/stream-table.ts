// A session's streams by id: open addressing with linear probing (Knuth, The Art of Computer Programming
// 3, §6.4, algorithms L and R). Not a Map, for the reason that linked-set.ts tells. Ids rise by two, so
// that a table is filled nearly in order; a peer that chooses its ids to collide pays with its own
// session's time, at most one walk over maxStreams for each frame.

/** Slots at the start, and at least. A power of two, as every later number of them. */
const fewestSlots = 64

export class StreamTable<S extends { readonly id: number }> {
  #slots = emptySlots<S>(fewestSlots)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): S | undefined {
    return this.#slots[this.#find(id)]
  }

  /** `stream.id` is not in it yet. */
  add(stream: S): void {
    // Half of the slots stay empty, so that walks are short.
    if (2 * (this.#size + 1) > this.#slots.length) this.#resize(2 * this.#slots.length)
    this.#slots[this.#find(stream.id)] = stream
    this.#size += 1
  }

  /** False when it was not in it. */
  delete(id: number): boolean {
    let hole = this.#find(id)
    if (this.#slots[hole] === undefined) return false
    this.#size -= 1
    // Who stands behind the hole moves into it, unless that would be in front of its own place.
    for (let at = hole; ;) {
      at = this.#after(at)
      const stream = this.#slots[at]
      if (stream === undefined) break
      const fromHome = this.#distance(this.#home(stream.id), at)
      if (fromHome < this.#distance(hole, at)) continue
      this.#slots[hole] = stream
      hole = at
    }
    this.#slots[hole] = undefined
    const isRoomy = this.#slots.length > fewestSlots && 8 * this.#size < this.#slots.length
    if (isRoomy) this.#resize(this.#slots.length / 2)
    return true
  }

  clear(): void {
    this.#slots = emptySlots(fewestSlots)
    this.#size = 0
  }

  /** Those that are in it now, in no order. */
  values(): S[] {
    return this.#slots.filter((stream) => stream !== undefined)
  }

  /** Where the stream is, or the free slot where it would be. */
  #find(id: number): number {
    let at = this.#home(id)
    for (;;) {
      const stream = this.#slots[at]
      if (stream === undefined || stream.id === id) return at
      at = this.#after(at)
    }
  }

  /** One end's ids are all odd or all even. */
  #home(id: number): number {
    return (id >>> 1) & (this.#slots.length - 1)
  }

  #after(at: number): number {
    return (at + 1) & (this.#slots.length - 1)
  }

  /** Steps from one slot forward to another. */
  #distance(from: number, to: number): number {
    return (to - from) & (this.#slots.length - 1)
  }

  #resize(slots: number): void {
    const streams = this.values()
    this.#slots = emptySlots(slots)
    for (const stream of streams) this.#slots[this.#find(stream.id)] = stream
  }
}

function emptySlots<S>(count: number): (S | undefined)[] {
  return Array.from({ length: count }, () => undefined)
}
