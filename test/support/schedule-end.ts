// One end of one stream in a random schedule: what it was told to do, and what it was told in turn;
// fails at the first byte or word that the model does not allow.
import assert from 'node:assert/strict'
import type { MuxStream, StreamReceiver } from '@sallyport/mux'
import type { SallyportError } from '@sallyport/protocol'
import { OffsetStream } from './offset-stream.ts'

/** Every direction of every stream has 16 MiB of the one oracle to itself. */
const directionBytes = 16 * 1024 * 1024
const written = new OffsetStream(1)
const expected = new OffsetStream(1)

export class ScheduleEnd implements StreamReceiver {
  readonly name: string
  readonly #writeFrom: number
  readonly #readFrom: number
  #stream: MuxStream | undefined
  #mayWrite = true
  #unread = 0
  pending = 0
  sent = 0
  received = 0
  mustEnd = false
  isEnded = false
  isResetHere = false
  isReading = true
  hasFin = false
  error: SallyportError | undefined
  events = 0

  constructor(name: string, direction: number) {
    this.name = name
    this.#writeFrom = direction * directionBytes
    this.#readFrom = (direction ^ 1) * directionBytes
  }

  take(stream: MuxStream): void {
    this.#stream = stream
  }

  get stream(): MuxStream | undefined {
    return this.#stream
  }

  get isOver(): boolean {
    return this.isResetHere || this.error !== undefined
  }

  /** The first bytes of a stream that this end opens. */
  firstBytes(bytes: number): Buffer {
    this.sent = bytes
    return written.bytes(this.#writeFrom, bytes)
  }

  /** Writes what is pending as far as the stream lets it, then ends when it should. */
  pump(): void {
    const stream = this.#stream
    if (stream === undefined || this.isOver) return
    while (this.#mayWrite && this.pending > 0) {
      const bytes = Math.min(this.pending, 65_536)
      const chunk = written.bytes(this.#writeFrom + this.sent, bytes)
      this.pending -= bytes
      this.sent += bytes
      this.#mayWrite = stream.write(chunk)
      chunk.fill(0)
    }
    if (this.pending > 0 || !this.mustEnd || this.isEnded) return
    this.isEnded = true
    stream.end()
  }

  read(): void {
    this.isReading = true
    const bytes = this.#unread
    this.#unread = 0
    if (bytes > 0) this.#stream?.consumed(bytes)
  }

  reset(): void {
    if (this.#stream === undefined || this.isOver) return
    this.isResetHere = true
    this.#stream.reset()
  }

  onAccepted(): void {
    this.#told('ACK')
  }

  onData(chunk: Buffer): void {
    this.#told('data')
    assert.ok(!this.hasFin, `${this.name}: data after FIN`)
    const good = expected.matching(chunk, this.#readFrom + this.received)
    assert.equal(good, chunk.length, `${this.name}: wrong byte at ${this.received + good}`)
    this.received += chunk.length
    this.#unread += chunk.length
    if (this.isReading) this.read()
  }

  onEnd(): void {
    this.#told('FIN')
    assert.ok(!this.hasFin, `${this.name}: FIN twice`)
    this.hasFin = true
  }

  onDrain(): void {
    this.#told('drain')
    assert.ok(!this.#mayWrite, `${this.name}: drain without need`)
    this.#mayWrite = true
    this.pump()
  }

  onReset(error: SallyportError): void {
    this.#told('reset')
    this.error = error
  }

  #told(what: string): void {
    this.events++
    assert.ok(!this.isOver, `${this.name}: ${what} after a reset`)
  }
}
