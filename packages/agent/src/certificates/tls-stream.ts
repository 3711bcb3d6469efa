// A visitor's TLS socket that ends here, with the face of the stream below it: what the HTTP edge takes.
// Bytes that nobody has taken are bounded, and then stop the visitor.
import type { TLSSocket } from 'node:tls'
import type { StreamReceiver } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { VisitorStream } from '../http/index.ts'
import { maxTlsOwedBytes } from '../limits.ts'

export class TlsStream implements VisitorStream {
  readonly #socket: TLSSocket
  #receiver: StreamReceiver | undefined
  #owed = 0
  #error: Error | undefined
  #isReset = false

  /** The handshake is over, and nobody has read. */
  constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.on('error', (error: Error) => {
      this.#error = error
    })
    socket.on('drain', () => this.#receiver?.onDrain?.())
    socket.on('close', () => {
      const isOver = socket.readableEnded && socket.writableFinished
      if (isOver || this.#isReset) return
      const why = this.#error?.message ?? 'the visitor has gone'
      this.#receiver?.onReset(new SallyportError('SP_STREAM_RESET', why))
    })
  }

  receive(receiver: StreamReceiver): void {
    const isFirst = this.#receiver === undefined
    this.#receiver = receiver
    if (!isFirst) return
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.#socket.on('end', () => this.#receiver?.onEnd?.())
  }

  #onData(chunk: Buffer): void {
    this.#owed += chunk.length
    if (this.#owed >= maxTlsOwedBytes) this.#socket.pause()
    this.#receiver?.onData?.(chunk)
    this.#receiver?.onTurnEnd?.()
  }

  consumed(bytes: number): void {
    this.#owed -= bytes
    if (this.#owed < maxTlsOwedBytes && this.#socket.isPaused()) this.#socket.resume()
  }

  /** The stream below was accepted before the handshake. */
  accept(): void {}

  write(bytes: Buffer, start: number, end: number): boolean {
    // Whose the bytes are is the writer's concern again when this returns.
    return this.#socket.write(Buffer.from(bytes.subarray(start, end)))
  }

  end(): void {
    this.#socket.end()
  }

  /** Without close_notify, so that none can take it for an end. */
  reset(): void {
    this.#isReset = true
    this.#socket.destroy()
  }
}
