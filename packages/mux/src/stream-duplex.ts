// A stream as a Node Duplex, for embedders and for node:http. The way of a visitor's bytes does not
// pass here: splice.ts joins socket and stream without one.
import { Duplex } from 'node:stream'
import { ChunkQueue, isWorthKeeping } from './chunk-queue.ts'
import { duplexReadableBytes, readBufferBytes } from './limits.ts'
import type { MuxStream } from './stream.ts'

/** The part of a stream that is used: others may have its face too. */
export type DuplexSource = Pick<MuxStream, 'receive' | 'write' | 'end' | 'reset' | 'consumed'>

/** Takes the stream over. `destroy` before both sides have ended resets it. */
export function streamAsDuplex(stream: DuplexSource): Duplex {
  return new StreamDuplex(stream)
}

class StreamDuplex extends Duplex {
  readonly #stream: DuplexSource
  readonly #chunks = new ChunkQueue()
  #wantsData = false
  #hasEnded = false
  #resumeWrite: (() => void) | undefined

  constructor(stream: DuplexSource) {
    super({ allowHalfOpen: true, readableHighWaterMark: duplexReadableBytes })
    this.#stream = stream
    stream.receive({
      onData: (chunk) => {
        if (this.#wantsData && this.#chunks.length === 0) this.#give(chunk)
        else this.#chunks.push(chunk)
      },
      onEnd: () => {
        this.#hasEnded = true
        this.#deliver()
      },
      onReset: (error) => this.destroy(error),
      onDrain: () => {
        const resume = this.#resumeWrite
        this.#resumeWrite = undefined
        resume?.()
      },
    })
  }

  override _read(): void {
    this.#wantsData = true
    this.#deliver()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#writeFrom(chunk, 0, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.reset()
    this.#chunks.clear()
    done(error)
  }

  #writeFrom(chunk: Buffer, start: number, done: (error?: Error | null) => void): void {
    let at = start
    while (at < chunk.length) {
      const end = Math.min(chunk.length, at + readBufferBytes)
      const goesOn = this.#stream.write(chunk, at, end)
      at = end
      if (goesOn) continue
      this.#resumeWrite = () => this.#writeFrom(chunk, at, done)
      return
    }
    done()
  }

  #give(chunk: Buffer): void {
    // Behind others it waits: a copy keeps no message alive of which it is a small part.
    const isCopied = this.readableLength > 0 && !isWorthKeeping(chunk)
    this.#wantsData = this.push(isCopied ? Buffer.from(chunk) : chunk)
    this.#stream.consumed(chunk.length)
  }

  #deliver(): void {
    while (this.#wantsData && this.#chunks.length > 0) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined) break
      this.#give(chunk)
    }
    if (this.#hasEnded && this.#chunks.length === 0) {
      this.#hasEnded = false
      this.push(null)
      // As net.Socket does: else who reads nothing never hears of the end.
      this.read(0)
    }
  }
}
