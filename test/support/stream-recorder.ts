// What a stream tells its receiver, written down in order; fails when it breaks the receiver's
// contract (docs in StreamReceiver): nothing after a reset, no data after FIN, each word once.
import assert from 'node:assert/strict'
import type { MuxStream, StreamReceiver } from '@sallyport/mux'
import type { SallyportError } from '@sallyport/protocol'
import { Changes } from './changes.ts'
import { OffsetChecker } from './offset-checker.ts'
import { OffsetStream } from './offset-stream.ts'

export interface RecorderOptions {
  /** Key and length of the offset stream that is due; absent = the bytes are kept instead. */
  readonly expected?: { readonly key: number; readonly bytes: number }
  /** False leaves every byte unread, until {@link StreamRecorder.read}. Default true. */
  readonly isReading?: boolean
}

export class StreamRecorder implements StreamReceiver {
  /** `accepted`, `end`, `drain` and `reset CODE`, as they came; data does not appear here. */
  readonly events: string[] = []
  readonly changes = new Changes()
  #checker: OffsetChecker | undefined
  readonly #chunks: Buffer[] = []
  #isReading: boolean
  #unread = 0
  #stream: MuxStream | undefined
  receivedBytes = 0
  error: SallyportError | undefined

  constructor(options: RecorderOptions = {}) {
    this.#isReading = options.isReading ?? true
    if (options.expected) this.expect(options.expected)
  }

  /** From here on, before the first byte: the offset stream of this key is due. */
  expect({ key, bytes }: { readonly key: number; readonly bytes: number }): void {
    assert.equal(this.receivedBytes, 0)
    this.#checker = new OffsetChecker(new OffsetStream(key), bytes)
  }

  /** The stream, once there is one: `session.open` tells it too late for the first words. */
  get stream(): MuxStream {
    return this.#stream ?? assert.fail('the recorder has no stream yet')
  }

  /** Makes this the receiver of `stream`. */
  take(stream: MuxStream): this {
    this.#stream = stream
    stream.receive(this)
    return this
  }

  /** For a stream that got this receiver by `session.open`. */
  of(stream: MuxStream): this {
    this.#stream = stream
    this.#credit()
    return this
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Bytes that came and have not been read. */
  get unreadBytes(): number {
    return this.#unread
  }

  /** A byte came that was not due. */
  get isSpoiled(): boolean {
    return this.#checker?.isSpoiled ?? false
  }

  get hasEnded(): boolean {
    return this.events.includes('end')
  }

  get isReset(): boolean {
    return this.error !== undefined
  }

  /** Reads from now on, and what came before. */
  read(): void {
    this.#isReading = true
    this.#credit()
  }

  /** Reads no more. */
  pause(): void {
    this.#isReading = false
  }

  /** Reads so many bytes of what came. */
  readBytes(bytes: number): void {
    const due = Math.min(bytes, this.#unread)
    this.#unread -= due
    if (due > 0) this.stream.consumed(due)
  }

  async until(what: string, holds: () => boolean, ms?: number): Promise<void> {
    await this.changes.until(what, holds, () => this.#state(), ms)
  }

  async ended(): Promise<void> {
    await this.until('FIN', () => {
      assert.ok(!this.isReset, `reset instead of FIN: ${this.error?.message ?? ''}`)
      return this.hasEnded
    })
  }

  async reset(): Promise<SallyportError> {
    await this.until('reset', () => this.isReset)
    return this.error ?? assert.fail('no error')
  }

  /** FIN came, and before it exactly the expected bytes. */
  async endedIntact(): Promise<void> {
    await this.ended()
    this.#checker?.assertIntact()
  }

  onAccepted(): void {
    assert.ok(!this.events.includes('accepted'), 'accepted twice')
    this.#note('accepted')
  }

  onData(chunk: Buffer): void {
    assert.ok(!this.hasEnded, 'data after FIN')
    assert.ok(!this.isReset, 'data after reset')
    assert.ok(chunk.length > 0, 'an empty chunk')
    this.receivedBytes += chunk.length
    if (this.#checker) this.#checker.push(chunk)
    else this.#chunks.push(chunk)
    this.#unread += chunk.length
    if (this.#isReading) this.#credit()
    this.changes.tell()
  }

  onEnd(): void {
    assert.ok(!this.hasEnded, 'FIN twice')
    this.#note('end')
  }

  onReset(error: SallyportError): void {
    this.#note(`reset ${error.code}`)
    this.error = error
    this.changes.tell()
  }

  onDrain(): void {
    this.#note('drain')
  }

  #note(event: string): void {
    assert.ok(!this.isReset, `${event} after reset`)
    this.events.push(event)
    this.changes.tell()
  }

  #credit(): void {
    if (this.#isReading && this.#stream) this.readBytes(this.#unread)
  }

  #state(): string {
    return `${this.receivedBytes} bytes, ${this.#unread} unread, events: ${this.events.join(', ')}`
  }
}
