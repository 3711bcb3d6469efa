// Byte path 3/8: joins a socket and a stream, so that a half-close stays a half-close and a reset a
// reset (docs/protocol.md §8). One copy from the static read buffer into a slab on the way out
// (outbox.ts), none of bulk (bulk-read.ts); one into a pooled buffer on the way in (socket-sink.ts).
import type { Socket } from 'node:net'
import { type SallyportError, halfClosedIdleMs, tcpKeepAliveMs } from '@sallyport/protocol'
import type { SlabLoan } from './bulk-read.ts'
import type { Clock, Timer } from './clock.ts'
import type { SocketEnd, SocketHandlers } from './socket-end.ts'
import { SocketSink } from './socket-sink.ts'
import type { MuxStream, StreamReceiver } from './stream.ts'

const noBytes = Buffer.alloc(0)

/** How a splice ended. */
export interface SpliceReport {
  /** Bytes from the socket into the stream. */
  readonly bytesFromSocket: number
  /** Bytes from the stream into the socket. */
  readonly bytesToSocket: number
  /** `end`: both sides said all they had. Otherwise who broke off. */
  readonly endedBy: 'end' | 'socket' | 'stream' | 'idle'
  readonly error: Error | undefined
}

export interface SpliceOptions {
  readonly clock: Clock
  /** Silence after which a splice is aborted at all; default never. */
  readonly idleMs?: number
  /** Silence after which a half-closed splice is aborted; default {@link halfClosedIdleMs}. */
  readonly halfClosedIdleMs?: number
  /** Whatever the peer says about having accepted the stream. */
  onAccepted?(): void
  onClose?(report: SpliceReport): void
}

/** Joins them and starts reading from the socket; takes over the receivers of both. */
export function splice(end: SocketEnd, stream: MuxStream, options: SpliceOptions): void {
  new Splice(end, stream, options).start()
}

/** Receives from both sides itself: an idle visitor is to cost few closures. */
class Splice implements StreamReceiver, SocketHandlers {
  readonly #end: SocketEnd
  readonly #socket: Socket
  readonly #stream: MuxStream
  readonly #options: SpliceOptions
  readonly #sink: SocketSink
  #isHalfClosed = false
  #isSocketClosed = false
  #isReported = false
  #timer: Timer | undefined
  #bytesAtTimer = 0
  #isPaused = false
  #probeTimer: Timer | undefined
  #endedBy: SpliceReport['endedBy'] = 'end'
  #error: Error | undefined

  constructor(end: SocketEnd, stream: MuxStream, options: SpliceOptions) {
    this.#end = end
    this.#socket = end.socket
    this.#stream = stream
    this.#options = options
    this.#sink = new SocketSink(end.socket, (bytes) => stream.consumed(bytes))
  }

  start(): void {
    this.#stream.receive(this)
    this.#end.attach(this)
    if (this.#options.idleMs !== undefined) this.#watch()
  }

  onAccepted(): void {
    this.#options.onAccepted?.()
  }

  onReset(error: SallyportError): void {
    this.#abort('stream', error)
  }

  onDrain(): void {
    this.#isPaused = false
    this.#end.resume()
  }

  onEndSent(): void {
    if (this.#isSocketClosed) this.#report()
  }

  onRead(buffer: Buffer, bytes: number, loan?: SlabLoan): boolean {
    const goesOn = this.#stream.write(buffer, 0, bytes, loan)
    this.#isPaused = !goesOn
    if (!goesOn && this.#probeTimer === undefined) this.#probeLater()
    return goesOn
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#sink.push(bytes, start, end)
  }

  onTurnEnd(): void {
    this.#sink.flush()
  }

  onEnd(): void {
    this.#sink.end()
    this.#halfClosed()
  }

  onSocketEnd(): void {
    this.#stream.end()
    this.#halfClosed()
  }

  #halfClosed(): void {
    if (this.#isHalfClosed) return
    this.#isHalfClosed = true
    this.#watch()
  }

  onSocketClose(error: Error | undefined): void {
    this.#isSocketClosed = true
    const isWhole = this.#end.hasEnded && this.#socket.writableFinished && error === undefined
    // Both sides have ended, but the last bytes and the FIN wait for their turn: they may go.
    if (isWhole && !this.#stream.isClosed) return
    if (this.#endedBy === 'end' && !isWhole) {
      this.#endedBy = 'socket'
      this.#error = error
    }
    this.#report()
  }

  /** The end of both: what no sink took is given up. */
  #report(): void {
    if (this.#isReported) return
    this.#isReported = true
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    if (this.#probeTimer) this.#options.clock.clearTimeout(this.#probeTimer)
    this.#stream.reset()
    this.#sink.drop()
    this.#options.onClose?.({
      bytesFromSocket: this.#stream.bytesSent,
      bytesToSocket: this.#sink.bytesTaken,
      endedBy: this.#endedBy,
      error: this.#error,
    })
  }

  #abort(endedBy: 'stream' | 'idle', error: SallyportError | undefined): void {
    this.#endedBy = endedBy
    this.#error = error
    this.#stream.reset()
    if (this.#isSocketClosed) this.#report()
    else this.#end.abort()
  }

  /** Silence is judged by the byte counts when the timer ends, so that no byte pays for it. */
  #watch(): void {
    const { clock, idleMs } = this.#options
    const limitMs = this.#isHalfClosed
      ? Math.min(idleMs ?? Infinity, this.#options.halfClosedIdleMs ?? halfClosedIdleMs)
      : idleMs
    if (this.#timer) clock.clearTimeout(this.#timer)
    if (limitMs === undefined || this.#isReported) return
    this.#bytesAtTimer = this.#bytes
    this.#timer = clock.setTimeout(() => {
      if (this.#bytes === this.#bytesAtTimer) this.#abort('idle', undefined)
      else this.#watch()
    }, limitMs)
  }

  /**
   * A socket that nobody reads does not notice its reset, and would wait for ever on a stream whose
   * sink stands still. A write of no bytes asks the kernel: after a reset it fails. (On TLS it tells
   * nothing: Node does not pass it on.)
   */
  #probeLater(): void {
    this.#probeTimer = this.#options.clock.setTimeout(() => {
      this.#probeTimer = undefined
      if (!this.#isPaused || !this.#socket.writable) return
      if (this.#socket.writableLength === 0) this.#socket.write(noBytes)
      this.#probeLater()
    }, tcpKeepAliveMs)
  }

  get #bytes(): number {
    return this.#stream.bytesSent + this.#sink.bytesTaken
  }
}
