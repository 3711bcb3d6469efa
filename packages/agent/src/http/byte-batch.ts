// Collects what one event writes to one end into one write: small pieces are copied behind each other,
// large ones are written as they are. Used within one event only, so all streams share one batch per
// direction and an idle one holds none.
import { batchBytes, joinedPieceBytes } from './limits.ts'

/** An end that takes bytes. */
export interface ByteSink {
  /**
   * Takes all of [start, end). When not `isStable` the bytes are overwritten after the call. False
   * asks to hold back until it drains; what is written in spite of it is kept.
   */
  write(bytes: Buffer, start: number, end: number, isStable: boolean): boolean
}

export class ByteBatch {
  readonly #bytes = Buffer.allocUnsafeSlow(batchBytes)
  #used = 0
  #sink: ByteSink | undefined
  #isTaken = true

  /** Starts to collect for `sink`. Every begin is followed by one flush, within the same event. */
  begin(sink: ByteSink): void {
    this.#used = 0
    this.#isTaken = true
    this.#sink = sink
  }

  /** Latin-1 text. */
  text(text: string): void {
    if (this.#used + text.length > this.#bytes.length) this.#write()
    this.#used += this.#bytes.write(text, this.#used, 'latin1')
  }

  range(bytes: Buffer, start: number, end: number, isStable: boolean): void {
    const length = end - start
    if (length > joinedPieceBytes || length > this.#bytes.length) {
      this.#write()
      this.#isTaken = (this.#sink?.write(bytes, start, end, isStable) ?? true) && this.#isTaken
      return
    }
    if (this.#used + length > this.#bytes.length) this.#write()
    this.#used += bytes.copy(this.#bytes, this.#used, start, end)
  }

  /** Writes what is left. False when the sink asks to hold back. */
  flush(): boolean {
    this.#write()
    this.#sink = undefined
    return this.#isTaken
  }

  #write(): void {
    if (this.#used === 0) return
    const used = this.#used
    this.#used = 0
    this.#isTaken = (this.#sink?.write(this.#bytes, 0, used, false) ?? true) && this.#isTaken
  }
}
