// Whose turn it is to send, and when: streams that have something to send wait in line, one message
// each a round, while the transport takes more; control frames wait for nobody. An event-loop turn
// ends with one joint write of all that was written in it, unless that waits for company (spacing.ts).
import { type FrameType, maxRecordBytes } from '@sallyport/protocol'
import type { SlabLoan } from './bulk-read.ts'
import type { Clock, Timer } from './clock.ts'
import { bypassBytes, lazyFrameMs, smallWriteBytes } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { Pace } from './pace.ts'
import type { Spacing } from './spacing.ts'
import type { MuxStream } from './stream.ts'
import type { Transport } from './transport.ts'

export class Turns {
  readonly #outbox: Outbox
  readonly #pace: Pace
  readonly #clock: Clock
  readonly #spacing: Spacing
  /** For frames that wait for company. */
  #timer: Timer | undefined
  /** The stream that last wrote more than a request's worth. */
  #bulk: MuxStream | undefined
  #bypassed = 0
  #line: MuxStream[] = []
  /** The front of the line, so that leaving it costs nothing. */
  #front = 0
  #touched: MuxStream[] = []
  #isDue = false
  #isStopped = false

  constructor(transport: Transport, pace: Pace, spacing: Spacing, clock: Clock) {
    this.#clock = clock
    this.#spacing = spacing
    this.#pace = pace
    this.#outbox = new Outbox(transport, () => this.#taken())
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes
  }

  /**
   * True when the stream may write `bytes` without standing in line: nobody waits and little is
   * queued below, or it is a small write, which goes past bulk.
   */
  mayWrite(stream: MuxStream, bytes: number): boolean {
    if (bytes > smallWriteBytes) this.#bulk = stream
    else if (stream !== this.#bulk) {
      this.#pace.contend()
      if (this.#bypassed + bytes <= bypassBytes) {
        this.#bypassed += bytes
        return true
      }
    }
    return this.#front === this.#line.length && !this.#isFull
  }

  /** True when the stream may write again in this turn: a small writer always, bulk while there is room. */
  mayGoOn(stream: MuxStream): boolean {
    return stream !== this.#bulk || !this.#isFull
  }

  get #isFull(): boolean {
    return this.#outbox.isFull || this.#pace.isFull
  }

  writeData(
    flags: number,
    streamId: number,
    chunk: Uint8Array,
    start: number,
    end: number,
    loan?: SlabLoan,
  ): void {
    this.#outbox.writeData(flags, streamId, chunk, start, end, loan)
    this.#pace.sent(end - start)
    this.#schedule()
  }

  /**
   * The first frame of a stream. It leaves a turn later than others: the visitor's first bytes are
   * mostly there by then, and go with it in one write.
   */
  writeFirst(flags: number, streamId: number, chunk: Uint8Array): void {
    this.#outbox.writeData(flags, streamId, chunk, 0, chunk.length)
    this.#pace.sent(chunk.length)
    if (!this.#isDue) setImmediate(() => this.#schedule())
  }

  writeControl(type: FrameType, flags: number, streamId: number, length: number): void {
    this.#outbox.writeControl(type, flags, streamId, length)
    this.#schedule()
  }

  /** A control frame that nobody waits for: it leaves with the next frame, or a moment later. */
  writeLazily(type: FrameType, flags: number, streamId: number, length: number): void {
    this.#outbox.writeControl(type, flags, streamId, length)
    if (!this.#isDue) this.#scheduleIn(lazyFrameMs)
  }

  /** Puts the stream at the end of the line; it stands there once. */
  enqueue(stream: MuxStream): void {
    if (stream.isQueued) return
    stream.isQueued = true
    this.#line.push(stream)
    this.#schedule()
  }

  /** The stream got data: it is told when this turn ends. */
  touch(stream: MuxStream): void {
    if (stream.isTouched) return
    stream.isTouched = true
    this.#touched.push(stream)
    this.#schedule()
  }

  /** Something that held the line back may be over. */
  retry(): void {
    if (this.#front < this.#line.length) this.#schedule()
  }

  /** Sends what was written, now. */
  flush(): void {
    this.#outbox.flushNow()
  }

  /** No more turns. */
  stop(): void {
    this.#isStopped = true
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#line = []
    this.#front = 0
    this.#touched = []
    this.#outbox.stop()
  }

  #schedule(): void {
    if (this.#isDue || this.#isStopped) return
    this.#isDue = true
    setImmediate(() => this.#end())
  }

  #scheduleIn(delayMs: number): void {
    if (this.#timer !== undefined || this.#isStopped) return
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#schedule()
    }, delayMs)
  }

  /** The transport took a slab: whoever waits goes on at once, not a turn later. */
  #taken(): void {
    if (this.#isStopped || this.#front === this.#line.length) return
    this.#serve()
    this.#outbox.flush()
  }

  /** What came goes to the sinks first, because that gives credit to send back. */
  #end(): void {
    this.#isDue = false
    if (this.#isStopped) return
    const touched = this.#touched
    if (touched.length > 0) {
      this.#touched = []
      for (const stream of touched) {
        stream.isTouched = false
        stream.turnEnded()
      }
    }
    this.#serve()
    const waitMs = this.#outbox.unsentBytes > 0 ? this.#spacing.waitMs(this.#outbox.unsentBytes) : 0
    if (waitMs > 0) this.#scheduleIn(waitMs)
    else this.#outbox.flush()
  }

  #serve(): void {
    if (!this.#outbox.isFull) this.#bypassed = 0
    while (!this.#isFull) {
      const stream = this.#line[this.#front]
      if (stream === undefined) break
      this.#front++
      stream.isQueued = false
      if (stream.takeTurn(maxRecordBytes)) this.enqueue(stream)
    }
    if (this.#front === this.#line.length || this.#front > 1_024) {
      this.#line = this.#line.slice(this.#front)
      this.#front = 0
    }
  }
}
