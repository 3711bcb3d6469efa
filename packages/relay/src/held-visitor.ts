// A visitor that no stream serves, as a Node stream: what it said while it waited comes first. For the
// relay's own answers; the way of a visitor's bytes does not pass here.
import { Duplex } from 'node:stream'
import type { SocketEnd } from '@sallyport/mux'

export class HeldVisitor extends Duplex {
  readonly #end: SocketEnd

  /** Takes the socket over; destroying it ends the socket. */
  constructor(end: SocketEnd, said: readonly Buffer[]) {
    super({ allowHalfOpen: true })
    this.#end = end
    for (const chunk of said) this.push(chunk)
    end.attach({
      onRead: (buffer, bytes) => this.push(Buffer.from(buffer.subarray(0, bytes))),
      onSocketEnd: () => this.push(null),
      onSocketClose: (error) => this.destroy(error),
    })
  }

  override _read(): void {
    this.#end.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#end.socket.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#end.socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end.socket.destroy()
    done(error)
  }
}
