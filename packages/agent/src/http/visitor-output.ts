// What goes to a visitor: passes bytes to its stream while the stream takes them, and keeps the rest of
// the event under way while it does not. More than that is never kept: the origin is not read meanwhile.
import { readBufferBytes } from '@sallyport/mux'
import type { ByteSink } from './byte-batch.ts'
import type { VisitorStream } from './ends.ts'

export class VisitorOutput implements ByteSink {
  readonly #stream: VisitorStream
  readonly #kept: Buffer[] = []
  #isBlocked = false
  #mustEnd = false

  constructor(stream: VisitorStream) {
    this.#stream = stream
  }

  /** True until drained() has returned true. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** False asks the writer to stop until the visitor drains; what it writes nevertheless is kept. */
  write(bytes: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end; at += readBufferBytes) {
      const stop = Math.min(end, at + readBufferBytes)
      if (this.#isBlocked) this.#kept.push(Buffer.from(bytes.subarray(at, stop)))
      else this.#isBlocked = !this.#stream.write(bytes, at, stop)
    }
    return !this.#isBlocked
  }

  /** Something that was written is not with the stream yet. */
  get isPending(): boolean {
    return this.#kept.length > 0
  }

  /** FIN after all that was written. */
  end(): void {
    if (this.#kept.length > 0) this.#mustEnd = true
    else this.#stream.end()
  }

  /** The stream drained. True when the writer may go on. */
  drained(): boolean {
    this.#isBlocked = false
    for (let next = this.#kept.shift(); next; next = this.#kept.shift()) {
      this.#isBlocked = !this.#stream.write(next, 0, next.length)
      if (this.#isBlocked) break
    }
    if (this.#mustEnd && this.#kept.length === 0) {
      this.#mustEnd = false
      this.#stream.end()
    }
    return !this.#isBlocked
  }
}
