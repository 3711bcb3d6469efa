// Both ends of a session in one process, with what they said: `await using pair = createSessionPair()`.
import assert from 'node:assert/strict'
import {
  type Clock,
  type MemoryBudget,
  type MuxStream,
  Session,
  type Transport,
  systemClock,
} from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import { Changes } from './changes.ts'
import { type LinkOptions, type MemoryLink, createMemoryLink } from './memory-link.ts'
import { type RecorderOptions, StreamRecorder } from './stream-recorder.ts'

export type Side = 'agent' | 'relay'

export interface SideOptions {
  readonly transport: Transport
  readonly side: Side
  readonly clock?: Clock
  readonly budget?: MemoryBudget
  /** See {@link SessionSide.onStream}. */
  readonly onStream?: (stream: MuxStream) => void
  /** Of the recorders that take the peer's streams. */
  readonly recorder?: RecorderOptions
}

/** A session with a memory of its end and of the streams that the peer opened. */
export class SessionSide implements AsyncDisposable {
  readonly session: Session
  readonly changes = new Changes()
  /** The peer's streams that nobody has fetched. */
  readonly #arrived: StreamRecorder[] = []
  /** Takes the peer's streams; absent = a recorder does (`nextStream`). */
  onStream: ((stream: MuxStream) => void) | undefined
  error: SallyportError | undefined
  closeCode: number | undefined

  constructor(options: SideOptions) {
    const { transport, side, clock = systemClock } = options
    this.onStream = options.onStream
    this.session = new Session({
      transport,
      side,
      clock,
      ...(options.budget && { budget: options.budget }),
      onStream: (stream) => {
        assert.ok(!this.isClosed, 'a stream after the session closed')
        if (this.onStream) this.onStream(stream)
        else this.#arrived.push(new StreamRecorder(options.recorder).take(stream))
        this.changes.tell()
      },
      onClose: (error, closeCode) => {
        assert.ok(!this.isClosed, 'closed twice')
        this.error = error
        this.closeCode = closeCode
        this.changes.tell()
      },
    })
  }

  get isClosed(): boolean {
    return this.error !== undefined
  }

  /** Opens a stream and records it. */
  open(firstBytes: Uint8Array = Buffer.alloc(0), options: RecorderOptions = {}): StreamRecorder {
    const recorder = new StreamRecorder(options)
    return recorder.of(this.session.open(firstBytes, recorder))
  }

  /** The oldest stream of the peer's that was not fetched yet. */
  async nextStream(): Promise<StreamRecorder> {
    await this.changes.until('stream of the peer', () => this.#arrived.length > 0 || this.isClosed)
    return this.#arrived.shift() ?? assert.fail(`the session closed: ${this.error?.message ?? ''}`)
  }

  /** Resolves with the session's last word. */
  async closed(): Promise<SallyportError> {
    await this.changes.until('end of the session', () => this.isClosed)
    return this.error ?? assert.fail('no error')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy(new SallyportError('SP_ABORTED', 'the test is over'))
    await this.closed()
  }
}

export interface SessionPair extends AsyncDisposable {
  readonly agent: SessionSide
  readonly relay: SessionSide
}

export interface PairOptions extends LinkOptions {
  readonly clock?: Clock
  readonly agent?: Partial<SideOptions>
  readonly relay?: Partial<SideOptions>
}

/** Two sessions over a link in memory. */
export function createSessionPair(
  options: PairOptions = {},
): SessionPair & { readonly link: MemoryLink } {
  const link = createMemoryLink(options)
  const { clock = systemClock } = options
  const agent = new SessionSide({ transport: link.agent, side: 'agent', clock, ...options.agent })
  const relay = new SessionSide({ transport: link.relay, side: 'relay', clock, ...options.relay })
  return { ...pairOf(agent, relay), link }
}

/** Puts two sides together; disposing ends both. */
export function pairOf(agent: SessionSide, relay: SessionSide): SessionPair {
  return {
    agent,
    relay,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
    },
  }
}

/** A stream from one side to the other: the opener's recorder and the taker's. */
export async function openStream(
  from: SessionSide,
  to: SessionSide,
  options: {
    readonly firstBytes?: Uint8Array
    readonly opener?: RecorderOptions
  } = {},
): Promise<{ readonly opener: StreamRecorder; readonly taker: StreamRecorder }> {
  const opener = from.open(options.firstBytes, options.opener)
  return { opener, taker: await to.nextStream() }
}
