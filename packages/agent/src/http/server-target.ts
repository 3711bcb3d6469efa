// A server of the embedding program as a target of the edge: it gets a connection in memory, as if it had
// accepted a socket, and no port is needed.
import type { Server } from 'node:net'
import { Duplex } from 'node:stream'
import type { HttpTarget, OriginEnd, OriginSocket } from './ends.ts'

/** `server`: an http.Server, or any other that takes sockets by 'connection'. */
export function createServerTarget(server: Server): HttpTarget {
  return {
    label: 'a server of this program',
    dial(events) {
      let isCancelled = false
      // What its listener throws is the program's own, not a failure of the visitor's stream.
      queueMicrotask(() => {
        if (isCancelled) return
        const end = new MemoryEnd()
        server.emit('connection', end.accepted)
        events.connected(end)
      })
      return {
        cancel() {
          isCancelled = true
        },
      }
    },
  }
}

type Handlers = Parameters<OriginEnd['attach']>[0]

/** The edge's end; `accepted` is the server's. */
class MemoryEnd implements OriginEnd {
  readonly accepted: AcceptedEnd
  readonly socket: OriginSocket
  handlers: Handlers | undefined
  onDrain: (() => void) | undefined
  /** What the server wrote and the edge did not want yet. */
  #waiting: (() => void) | undefined

  constructor() {
    const accepted = new AcceptedEnd(this)
    this.accepted = accepted
    this.socket = {
      write: (bytes) => accepted.push(bytes),
      end: () => accepted.push(null),
      destroySoon: () => {
        accepted.push(null)
        accepted.destroy()
      },
      on: (_event, listener) => {
        this.onDrain = listener
      },
    }
  }

  attach(handlers: Handlers): void {
    this.handlers = handlers
    this.resume()
  }

  resume(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  abort(): void {
    this.accepted.destroy(Object.assign(new Error('the visitor is gone'), { code: 'ECONNRESET' }))
  }

  /** The server wrote; `done` when the edge may get more. */
  deliver(chunk: Buffer, done: () => void): void {
    if (!this.handlers) this.#waiting = () => this.deliver(chunk, done)
    else if (this.handlers.onRead(chunk, chunk.length)) done()
    else this.#waiting = done
  }
}

class AcceptedEnd extends Duplex {
  readonly #edge: MemoryEnd

  constructor(edge: MemoryEnd) {
    super({ allowHalfOpen: true })
    this.#edge = edge
  }

  override _read(): void {
    this.#edge.onDrain?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#edge.deliver(chunk, done)
  }

  override _final(done: () => void): void {
    this.#edge.handlers?.onSocketEnd()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#edge.handlers?.onSocketClose(error ?? undefined)
    done(error)
  }
}
