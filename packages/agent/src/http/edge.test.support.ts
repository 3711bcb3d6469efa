// The edge between two ends in memory: a visitor's stream and origins that are mere records of what was
// written, driven by hand and synchronously.
import { EventEmitter } from 'node:events'
import type { Clock, StreamReceiver, Timer } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { HttpTarget, OriginDialEvents, OriginEnd, VisitorStream } from './ends.ts'
import type { ExchangeTap } from './exchange-tap.ts'
import { type HttpEdge, startHttpEdge, type Visit } from './http-edge.ts'
import { PathTargets } from './path-targets.ts'
import type { HttpPolicy } from './request-gate.ts'

/** A clock that moves when told. */
export class HandClock implements Clock {
  #nowMs = 0
  readonly #timers = new Map<Timer, { readonly dueMs: number; readonly run: () => void }>()

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  setTimeout(run: () => void, delayMs: number): Timer {
    const timer = {}
    this.#timers.set(timer, { dueMs: this.#nowMs + delayMs, run })
    return timer
  }

  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer)
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(([, { dueMs }]) => dueMs <= endMs)
      const [next] = due.sort((a, b) => a[1].dueMs - b[1].dueMs)
      if (!next) break
      this.#timers.delete(next[0])
      this.#nowMs = next[1].dueMs
      next[1].run()
    }
    this.#nowMs = endMs
  }
}

/** The visitor's stream, with the visitor's hand on it. */
export class FakeVisitor implements VisitorStream {
  #receiver: StreamReceiver | undefined
  readonly #pieces: Buffer[] = []
  /** What write() answers; set it to true and call drain() to go on. */
  takes = true
  #isBlocked = false
  isAccepted = false
  hasEnded = false
  isReset = false
  credited = 0
  sent = 0

  receive(receiver: StreamReceiver): void {
    this.#receiver = receiver
  }

  accept(): void {
    this.isAccepted = true
  }

  write(chunk: Uint8Array, start = 0, end = chunk.length): boolean {
    if (this.isReset) return true
    if (this.#isBlocked || this.hasEnded) throw new Error('written to out of turn')
    if (end - start > 65_456) throw new Error('written to above the bound')
    this.#pieces.push(Buffer.from(chunk.subarray(start, end)))
    this.#isBlocked = !this.takes
    return this.takes
  }

  end(): void {
    this.hasEnded = true
  }

  reset(): void {
    this.isReset = true
    this.#receiver = undefined
  }

  consumed(bytes: number): void {
    this.credited += bytes
  }

  /** Everything that the visitor got. */
  get received(): string {
    return Buffer.concat(this.#pieces).toString('latin1')
  }

  get writes(): number {
    return this.#pieces.length
  }

  send(bytes: string | Buffer): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    this.sent += chunk.length
    this.#receiver?.onData?.(chunk)
  }

  sendEnd(): void {
    this.#receiver?.onEnd?.()
  }

  sendReset(): void {
    const receiver = this.#receiver
    this.reset()
    receiver?.onReset(new SallyportError('SP_STREAM_RESET', 'the visitor reset'))
  }

  drain(): void {
    this.#isBlocked = false
    this.#receiver?.onDrain?.()
  }
}

class FakeSocket extends EventEmitter {
  readonly pieces: Buffer[] = []
  takes = true
  hasEnded = false
  isClosed = false

  write(chunk: Uint8Array | string): boolean {
    this.pieces.push(Buffer.from(chunk as Uint8Array))
    return this.takes
  }

  end(): this {
    this.hasEnded = true
    return this
  }

  destroySoon(): void {
    this.hasEnded = true
    this.isClosed = true
  }
}

type Handlers = Parameters<OriginEnd['attach']>[0]

/** A connection to an origin, with the origin's hand on it. */
export class FakeOrigin {
  readonly socket = new FakeSocket()
  #handlers: Handlers | undefined
  isPaused = false
  isAborted = false
  /** Overwritten by each read, as the mux's is. */
  readonly #readBuffer = Buffer.alloc(65_536)
  /** Answers that the paused edge has not read yet. */
  readonly #unread: Buffer[] = []

  attach(handlers: Handlers): void {
    this.#handlers = handlers
  }

  resume(): void {
    this.isPaused = false
    for (let next = this.#unread.shift(); next; next = this.#unread.shift()) {
      this.#deliver(next)
      if (this.isPaused) return
    }
  }

  abort(): void {
    this.isAborted = true
  }

  /** Everything that the origin got. */
  get received(): string {
    return Buffer.concat(this.socket.pieces).toString('latin1')
  }

  send(bytes: string | Buffer): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    for (let at = 0; at < chunk.length; at += this.#readBuffer.length) {
      const piece = chunk.subarray(at, at + this.#readBuffer.length)
      if (this.isPaused) this.#unread.push(piece)
      else this.#deliver(piece)
    }
  }

  #deliver(piece: Buffer): void {
    if (this.isAborted || this.socket.isClosed) return
    piece.copy(this.#readBuffer)
    const goesOn = this.#handlers?.onRead(this.#readBuffer, piece.length) ?? true
    if (!goesOn) this.isPaused = true
    this.#readBuffer.fill(0x2a)
  }

  sendEnd(): void {
    this.#handlers?.onSocketEnd()
  }

  close(error?: Error): void {
    this.#handlers?.onSocketClose(error)
  }

  drain(): void {
    this.socket.emit('drain')
  }
}

export interface EdgeTestOptions {
  readonly policy?: HttpPolicy
  readonly visit?: Partial<Visit>
  readonly publicHost?: string
  readonly tap?: ExchangeTap
  /** Of further targets, by prefix. */
  readonly prefixes?: readonly string[]
}

/** An edge with its ends. Dials wait in `dials` until the test answers them, unless `autoDial`. */
export class EdgeTest {
  readonly visitor = new FakeVisitor()
  readonly clock = new HandClock()
  readonly origins: FakeOrigin[] = []
  readonly dials: { readonly label: string; readonly events: OriginDialEvents }[] = []
  readonly edge: HttpEdge
  readonly policy: HttpPolicy
  cancelled = 0
  isClosed = false
  error: Error | undefined

  constructor(options: EdgeTestOptions = {}) {
    const { prefixes = ['/'], policy = {} } = options
    this.policy = policy
    this.edge = startHttpEdge({
      stream: this.visitor,
      asDuplex: () => {
        throw new Error('no HTTP/2 here')
      },
      visit: {
        visitor: { address: '203.0.113.7', port: 50_000 },
        listener: { address: '192.0.2.1', port: 443 },
        sni: 'app.example.com',
        ...options.visit,
      },
      ...(options.publicHost === undefined ? {} : { publicHost: options.publicHost }),
      targets: new PathTargets(
        prefixes.map((prefix) => ({ prefix, target: this.#target(prefix) })),
      ),
      policy,
      clock: this.clock,
      dialTimeoutMs: 100_000,
      halfClosedIdleMs: 3_600_000,
      ...(options.tap ? { tap: options.tap } : {}),
      onClose: (error) => {
        this.isClosed = true
        this.error = error
      },
    })
  }

  /** Answers the dial that waits; the origin. */
  connect(): FakeOrigin {
    const dial = this.dials.shift()
    if (!dial) throw new Error('no dial waits')
    const origin = new FakeOrigin()
    this.origins.push(origin)
    dial.events.connected(origin)
    return origin
  }

  refuse(): void {
    const error = new SallyportError('SP_ORIGIN_REFUSED', 'origin localhost:3000 refused')
    this.dials.shift()?.events.failed(error)
  }

  #target(label: string): HttpTarget {
    return {
      label,
      dial: (events) => {
        const dial = { label, events }
        this.dials.push(dial)
        return {
          cancel: () => {
            this.cancelled++
            const index = this.dials.indexOf(dial)
            if (index >= 0) this.dials.splice(index, 1)
          },
        }
      },
    }
  }
}

/** A plain GET. */
export function get(path: string, ...fields: readonly string[]): string {
  return `GET ${path} HTTP/1.1\r\nHost: app.example.com\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`
}

export function response(body: string, ...fields: readonly string[]): string {
  const lines = [...fields, `Content-Length: ${body.length}`].map((line) => `${line}\r\n`)
  return `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n${body}`
}
