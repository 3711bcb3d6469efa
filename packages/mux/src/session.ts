// Byte path 5/8: many streams over one transport (docs/protocol.md §4; hashicorp/yamux
// specification, version 0). Owns the streams, tells frames apart and holds the peer to the rules;
// turns.ts says which stream sends next.
import {
  Flag,
  FrameDecoder,
  FrameType,
  GoAway,
  SallyportError,
  agentBudgetBytes,
  isSallyportError,
  maxStreamId,
  maxStreams,
} from '@sallyport/protocol'
import type { Clock } from './clock.ts'
import { Keepalive } from './keepalive.ts'
import { queuedControlLimit } from './limits.ts'
import { type Holder, MemoryBudget } from './memory-budget.ts'
import { Pace } from './pace.ts'
import { PeerIds } from './peer-ids.ts'
import { RoundTrip } from './round-trip.ts'
import { Spacing } from './spacing.ts'
import { StreamTable } from './stream-table.ts'
import { MuxStream, type StreamHost, type StreamReceiver } from './stream.ts'
import type { Transport, TransportEnd } from './transport.ts'
import { Turns } from './turns.ts'

export interface SessionOptions {
  readonly transport: Transport
  /** The agent dialled, so its streams have odd ids and the relay's even ones. */
  readonly side: 'agent' | 'relay'
  readonly clock: Clock
  /** What may be held for the peer's sinks; shared by sessions of one agent. Default: one of its own. */
  readonly budget?: MemoryBudget
  /** The peer opened a stream. Call its `receive` before this returns, or `reset`. */
  onStream(stream: MuxStream): void
  /** Once; streams have been told before. `closeCode` is the peer's WebSocket close code. */
  onClose(error: SallyportError, closeCode: number | undefined): void
}

/** Ping values from here on are the pace's markers, those below the heartbeat's. */
const markerFlag = 0x8000_0000

/** WebSocket close code for a peer that broke the protocol (RFC 6455 §7.4.1). */
const protocolErrorCloseCode = 1002

export class Session implements Holder {
  readonly #options: SessionOptions
  readonly #turns: Turns
  readonly #pace: Pace
  readonly #budget: MemoryBudget
  readonly #keepalive: Keepalive
  readonly #roundTrip = new RoundTrip()
  readonly #decoder: FrameDecoder
  readonly #host: StreamHost
  readonly #streams = new StreamTable<MuxStream>()
  /** Streams that ended both ways while their sinks still have bytes to take. */
  readonly #ended = new Set<MuxStream>()
  #nextId: number
  readonly #peerIds: PeerIds
  /** The stream whose payload is under way; undefined drops it. */
  #current: MuxStream | undefined
  #currentFlags = 0
  #isPeerGone = false
  #isDraining = false
  #isClosed = false
  #failure: SallyportError | undefined

  constructor(options: SessionOptions) {
    const { transport, clock } = options
    this.#options = options
    this.#budget = options.budget ?? new MemoryBudget(agentBudgetBytes)
    this.#nextId = options.side === 'agent' ? 1 : 2
    this.#peerIds = new PeerIds(options.side === 'agent' ? 2 : 1)
    this.#pace = new Pace({
      clock,
      roundTrip: this.#roundTrip,
      sendMarker: (value) => this.#control(FrameType.ping, Flag.syn, 0, markerFlag + value),
    })
    const spacing = new Spacing(clock, this.#roundTrip)
    this.#turns = new Turns(transport, this.#pace, spacing, clock)
    this.#keepalive = new Keepalive({
      clock,
      sendPing: (value) => this.#control(FrameType.ping, Flag.syn, 0, value),
      onRoundTrip: (sampleMs) => this.#roundTrip.add(sampleMs, clock.now()),
      onDead: () => this.destroy(new SallyportError('SP_DEAD_PEER', 'no answer to a ping')),
    })
    this.#decoder = new FrameDecoder({
      onData: (id, flags, length) => this.#onData(id, flags, length),
      onPayload: (bytes, start, end, isLast) => this.#onPayload(bytes, start, end, isLast),
      onWindowUpdate: (id, flags, credit) => this.#onWindowUpdate(id, flags, credit),
      onPing: (flags, value) => this.#onPing(flags, value),
      onGoAway: (reason) => this.#onGoAway(reason),
    })
    this.#host = this.#createHost()
    this.#budget.join(this)
    transport.start({
      onBytes: (bytes, start, end) => this.#onBytes(bytes, start, end),
      onEnd: (end) => this.#onTransportEnd(end),
    })
    this.#keepalive.start()
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** Smallest round trip of the last minute in milliseconds, between the two muxes. */
  get rttMs(): number | undefined {
    return this.#roundTrip.smallestMs
  }

  /** Bytes received for all streams of its budget that no sink has taken. */
  get heldBytes(): number {
    return this.#budget.heldBytes
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  *holding(): Iterable<MuxStream> {
    yield* this.#streams.values()
    yield* this.#ended
  }

  /**
   * Opens a stream: SYN and `firstBytes` leave in one frame, ahead of other streams' data.
   * @throws {SallyportError} SP_SESSION_LOST, SP_DRAINING (either side said go away),
   * SP_STREAM_LIMIT.
   */
  open(firstBytes: Uint8Array, receiver: StreamReceiver): MuxStream {
    if (this.#isClosed) throw new SallyportError('SP_SESSION_LOST', 'the session is closed')
    if (this.#isDraining || this.#isPeerGone) {
      throw new SallyportError('SP_DRAINING', 'the session takes no new streams')
    }
    if (this.#streams.size >= maxStreams || this.#nextId > maxStreamId) {
      throw new SallyportError('SP_STREAM_LIMIT', `${this.#streams.size} streams are open`)
    }
    const stream = new MuxStream(this.#nextId, this.#host, this.#options.clock.now())
    this.#nextId += 2
    this.#streams.add(stream)
    stream.receive(receiver)
    stream.sendFirst(firstBytes)
    return stream
  }

  /** Refuses new streams from now on and tells the peer; running ones go on. */
  goAway(): void {
    if (this.#isClosed || this.#isDraining) return
    this.#isDraining = true
    this.#control(FrameType.goAway, Flag.none, 0, GoAway.normal)
  }

  /** Ends with a WebSocket close code after what was written; streams are reset. */
  close(code: number, reason: string, error: SallyportError): void {
    if (this.#isClosed) return
    this.#turns.flush()
    this.#failure = error
    this.#options.transport.close(code, reason)
    this.#finish(error, undefined)
  }

  /** Ends at once: streams are reset with `error`. */
  destroy(error: SallyportError): void {
    if (this.#isClosed) return
    this.#options.transport.destroy()
    this.#finish(error, undefined)
  }

  // --- receiving --------------------------------------------------------------------------------

  #onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#isClosed) return
    this.#keepalive.heard()
    try {
      this.#decoder.push(bytes, start, end)
    } catch (cause) {
      this.#fail(
        isSallyportError(cause)
          ? cause
          : new SallyportError('SP_INTERNAL', 'a stream handler failed', { cause }),
      )
    }
  }

  #onData(id: number, flags: number, length: number): void {
    const stream = this.#find(id, flags)
    if (stream) {
      // From here on its sink may stall: silence before was nobody's fault.
      if (stream.heldBytes === 0) stream.lastTakenMs = this.#options.clock.now()
      stream.expect(length)
      this.#budget.hold(length)
      if (this.#budget.isOver) this.#budget.relieve(this.#options.clock.now())
    }
    this.#current = stream
    this.#currentFlags = flags
    if (length === 0) this.#finishFrame(stream, flags)
  }

  #onPayload(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const stream = this.#current
    // A stream reset in mid-frame is closed: the rest of the frame goes nowhere.
    if (stream && !stream.isClosed) stream.deliver(bytes, start, end)
    if (isLast) this.#finishFrame(stream, this.#currentFlags)
  }

  #onWindowUpdate(id: number, flags: number, credit: number): void {
    const stream = this.#find(id, flags)
    if (credit > 0) {
      stream?.addCredit(credit)
      this.#pace.delivered(credit)
    }
    this.#finishFrame(stream, flags)
  }

  /** The flags that act after a frame's payload. */
  #finishFrame(stream: MuxStream | undefined, flags: number): void {
    if (!stream || stream.isClosed) return
    if (flags & Flag.rst) {
      stream.abort(new SallyportError('SP_STREAM_RESET', 'the other end reset the stream'))
    } else if (flags & Flag.fin) stream.peerEnded()
  }

  /** The stream of a frame, opened by its SYN; undefined for one that is closed. */
  #find(id: number, flags: number): MuxStream | undefined {
    // The rest of the chunk in which the session closed.
    if (this.#isClosed) return undefined
    if (flags & Flag.syn) return this.#accept(id)
    const stream = this.#streams.get(id)
    if (stream) {
      if (flags & Flag.ack) stream.peerAccepted()
    } else if (this.#peerIds.isPeers(id) ? !this.#peerIds.isUsed(id) : id >= this.#nextId) {
      throw new SallyportError('SP_PROTOCOL', `a frame for stream ${id}, which nobody opened`)
    }
    return stream
  }

  #accept(id: number): MuxStream | undefined {
    if (!this.#peerIds.take(id)) {
      throw new SallyportError('SP_PROTOCOL', `SYN for stream ${id}, which is not a new id`)
    }
    if (this.#isDraining || this.#streams.size >= maxStreams) {
      this.#control(FrameType.windowUpdate, Flag.rst, id, 0)
      return undefined
    }
    const stream = new MuxStream(id, this.#host, this.#options.clock.now())
    this.#streams.add(stream)
    this.#options.onStream(stream)
    return stream.isClosed ? undefined : stream
  }

  #onPing(flags: number, value: number): void {
    if (flags & Flag.syn) this.#control(FrameType.ping, Flag.ack, 0, value)
    else if (flags & Flag.ack && value >= markerFlag) {
      this.#pace.arrived(value - markerFlag)
      this.#turns.retry()
    } else if (flags & Flag.ack) this.#keepalive.pong(value)
  }

  #onGoAway(reason: number): void {
    if (reason === GoAway.normal) this.#isPeerGone = true
    else this.#fail(new SallyportError('SP_PROTOCOL', `the other end went away: reason ${reason}`))
  }

  #onTransportEnd(end: TransportEnd): void {
    const reason = end.reason || (end.code === undefined ? 'no goodbye' : `code ${end.code}`)
    this.#finish(
      this.#failure ?? new SallyportError('SP_SESSION_LOST', `the session ended: ${reason}`),
      end.code,
    )
  }

  // --- sending ----------------------------------------------------------------------------------

  #createHost(): StreamHost {
    const now = { nowMs: 0, rttMs: undefined as number | undefined }
    return {
      mayWrite: (stream, bytes) => this.#turns.mayWrite(stream, bytes),
      mayGoOn: (stream) => this.#turns.mayGoOn(stream),
      writeData: (flags, id, chunk, start, end, loan) =>
        this.#turns.writeData(flags, id, chunk, start, end, loan),
      writeFirst: (id, chunk) => this.#turns.writeFirst(Flag.syn, id, chunk),
      writeLazily: (flags, id) => this.#turns.writeLazily(FrameType.windowUpdate, flags, id, 0),
      writeControl: (type, flags, id, length) => this.#control(type, flags, id, length),
      enqueue: (stream) => this.#turns.enqueue(stream),
      touch: (stream) => this.#turns.touch(stream),
      taken: (bytes) => {
        this.#budget.free(bytes)
        now.nowMs = this.#options.clock.now()
        now.rttMs = this.#roundTrip.smallestMs
        return now
      },
      grantGrowth: (bytes) => this.#budget.grow(bytes),
      release: (stream, growth) => {
        this.#budget.shrink(growth)
        this.#streams.delete(stream.id)
        if (stream.heldBytes > 0) this.#ended.add(stream)
      },
      settled: (stream) => {
        if (this.#ended.delete(stream)) this.#leaveBudget()
      },
    }
  }

  #control(type: FrameType, flags: number, id: number, length: number): void {
    if (this.#isClosed) return
    this.#turns.writeControl(type, flags, id, length)
    if (this.#turns.queuedBytes > queuedControlLimit) {
      this.#fail(new SallyportError('SP_PROTOCOL', 'the other end reads nothing'))
    }
  }

  // --- the end ----------------------------------------------------------------------------------

  /** Once it is closed and nothing more is held. */
  #leaveBudget(): void {
    if (this.#isClosed && this.#ended.size === 0) this.#budget.leave(this)
  }

  #fail(error: SallyportError): void {
    if (this.#isClosed) return
    const reason = error.code === 'SP_PROTOCOL' ? GoAway.protocolError : GoAway.internalError
    this.#turns.writeControl(FrameType.goAway, Flag.none, 0, reason)
    this.close(protocolErrorCloseCode, error.code, error)
  }

  #finish(error: SallyportError, closeCode: number | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#keepalive.stop()
    for (const stream of this.#streams.values()) stream.abort(error)
    this.#streams.clear()
    this.#turns.stop()
    this.#leaveBudget()
    this.#options.onClose(error, closeCode)
  }
}
