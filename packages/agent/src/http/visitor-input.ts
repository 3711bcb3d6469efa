// What an HTTP/1 visitor has sent and nobody has taken yet: chunks in order, and the credit that is owed
// for what was taken while an origin asks to hold back. It never copies.
import type { VisitorStream } from './ends.ts'
import { heldViewBytes } from './limits.ts'

export class VisitorInput {
  readonly #stream: VisitorStream
  #chunks: Buffer[] = []
  #owed = 0
  #isPumping = false
  /** The visitor has sent its FIN. */
  hasEnded = false

  constructor(stream: VisitorStream) {
    this.#stream = stream
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  add(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk)
  }

  /**
   * Offers what waits, chunk by chunk; `take` says how many bytes of its chunk it took, and 0 when it
   * wants none now. It may drop() meanwhile. A call within a call does nothing: the first goes on.
   */
  pump(take: (chunk: Buffer) => number): void {
    if (this.#isPumping) return
    this.#isPumping = true
    for (let chunk = this.#chunks[0]; chunk; chunk = this.#chunks[0]) {
      const bytes = take(chunk)
      if (bytes === 0) break
      if (this.#chunks[0] !== chunk) continue
      this.#owed += bytes
      if (bytes >= chunk.length) this.#chunks.shift()
      else this.#chunks[0] = chunk.subarray(bytes)
    }
    this.#isPumping = false
    this.#settle()
  }

  /** A small piece that has to wait is copied: it may be a view that keeps a whole read alive. */
  #settle(): void {
    const last = this.#chunks.at(-1)
    if (!last || last.length >= heldViewBytes) return
    this.#chunks[this.#chunks.length - 1] = Buffer.from(last)
  }

  /** Gives back what is owed. */
  credit(): void {
    if (this.#owed === 0) return
    this.#stream.consumed(this.#owed)
    this.#owed = 0
  }

  /** Drops what waits; it counts as taken. Returns how much it was. */
  drop(): number {
    const bytes = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    this.#chunks = []
    this.#owed += bytes
    return bytes
  }
}
