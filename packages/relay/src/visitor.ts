// One visitor, from its arrival until socket and stream are spliced. It waits for a session, opens a
// stream, and sends what it has said so far. A channel timer runs from accept until the origin has
// accepted.
//
//   seeking -> a session is there: opening      -> none, room in the lot: parked   -> no room: abort
//   parked  -> the agent is back: seeking       -> time over, route gone: abort    -> it left: nothing
//              (on https, with a request that nobody got: 503 instead of abort)
//   opening -> first byte sent, or ACK: spliced -> RST or time over: abort         -> session lost: seeking
//
// Once a byte of its was sent on a stream the origin may have acted on it: no second try from then on.
import {
  type Clock,
  type Linked,
  type MuxStream,
  type SocketEnd,
  type SocketHandlers,
  type SpliceReport,
  type StreamReceiver,
  type Timer,
  readBufferBytes,
  splice,
} from '@sallyport/mux'
import {
  type SocketAddressPair,
  SallyportError,
  encodeProxyHeader,
  isSallyportError,
  maxParkedBytes,
} from '@sallyport/protocol'
import type { AnswerAway } from './away-answer.ts'
import type { Member } from './lease.ts'
import { joinedPieceBytes } from './limits.ts'

export interface VisitorFacts {
  /** What it asked for. */
  readonly place: string
  /** The public url of it. */
  readonly url: string
  /** On https a half-close while parked is a goodbye; elsewhere it is part of what it has to say. */
  readonly isHttps: boolean
  readonly visitor: SocketAddressPair
  readonly listener: SocketAddressPair
  readonly alpn?: string
  readonly sni?: string
  readonly tls?: { readonly version: string }
  /** When it was accepted, on the clock given. */
  readonly acceptedMs: number
  readonly channelTimeoutMs: number
}

/** How a visit ended. */
export interface VisitReport {
  readonly bytesIn: number
  readonly bytesOut: number
  /** end: both sides were done. visitor, agent: that side broke off, or refused. */
  readonly endedBy: 'end' | 'visitor' | 'agent' | 'idle' | 'timeout' | 'relay'
  readonly error: Error | undefined
  /** Whose session it was, or was last; undefined: it got none. */
  readonly agent: string | undefined
}

const endedBySide: Readonly<Record<SpliceReport['endedBy'], VisitReport['endedBy']>> = {
  end: 'end',
  socket: 'visitor',
  stream: 'agent',
  idle: 'idle',
}

/** What a visitor needs of a session. */
export interface StreamOpener {
  readonly agent: { readonly name: string }
  open(firstBytes: Uint8Array, receiver: StreamReceiver): MuxStream
}

export interface VisitorHost {
  readonly clock: Clock
  pick(place: string): Member<StreamOpener> | undefined
  /** The session takes no new streams: pick it no more. */
  avoid(session: StreamOpener): void
  /** Why it may not wait, if so. */
  park(visitor: Visitor): SallyportError | undefined
  unpark(visitor: Visitor): void
  /** Takes a visitor of an https route over whose request nobody got. */
  answerAway: AnswerAway
  /** Exactly once. */
  ended(visitor: Visitor, report: VisitReport): void
}

/** Receives from both sides itself, until the splice does: every visitor costs fewer closures so. */
export class Visitor implements Linked<Visitor>, SocketHandlers, StreamReceiver {
  older: Visitor | undefined
  newer: Visitor | undefined
  readonly facts: VisitorFacts
  readonly #end: SocketEnd
  readonly #host: VisitorHost
  #timer: Timer | undefined
  #kept: Buffer[] = []
  #keptBytes = 0
  #stream: MuxStream | undefined
  #headerBytes = 0
  #agent: string | undefined
  /** A byte of the visitor's was given to the stream. */
  #hasSpoken = false
  #isAccepted = false
  #isBlocked = false
  #isSpliced = false
  #isOver = false

  constructor(end: SocketEnd, facts: VisitorFacts, host: VisitorHost) {
    this.#end = end
    this.facts = facts
    this.#host = host
  }

  get place(): string {
    return this.facts.place
  }

  get address(): string {
    return this.facts.visitor.address
  }

  start(): void {
    const { clock } = this.#host
    const leftMs = this.facts.channelTimeoutMs - (clock.now() - this.facts.acceptedMs)
    this.#timer = clock.setTimeout(() => this.#onTimeout(), Math.max(0, leftMs))
    this.#end.attach(this)
    this.seek()
  }

  /** Looks for a session, now or again; parks when there is none. */
  seek(): void {
    for (;;) {
      if (this.#isOver) return
      const member = this.#host.pick(this.place)
      if (!member) return this.#park()
      if (this.#open(member)) return
      this.#host.avoid(member.session)
    }
  }

  /** Ends the visit for a reason of the relay's own. */
  abort(endedBy: VisitReport['endedBy'], error: SallyportError): void {
    if (this.#isOver) return
    const said = this.#kept
    const isOurs = endedBy === 'timeout' || endedBy === 'relay'
    this.#finish(this.#report(endedBy, error))
    if (isOurs && this.facts.isHttps && !this.#hasSpoken && said.length > 0) {
      this.#stream?.reset()
      const isHttp2 = this.facts.alpn === 'h2'
      this.#host.answerAway(this.#end, { said, isHttp2, why: error })
      return
    }
    // Its close resets the stream, by #onGone or by the splice.
    this.#end.abort()
  }

  // --- waiting ----------------------------------------------------------------------------------

  #park(): void {
    // A half-close that was fine while there was a stream is a goodbye now.
    if (this.#end.hasEnded) this.onSocketEnd()
    if (this.#isOver) return
    const refusal = this.#host.park(this)
    if (refusal) this.abort('relay', refusal)
  }

  onRead(buffer: Buffer, bytes: number): boolean {
    // A hello in two reads brings more than a stream takes in one write.
    for (let at = 0; at < bytes; at += readBufferBytes) {
      this.#keep(buffer.subarray(at, Math.min(bytes, at + readBufferBytes)))
    }
    this.#keptBytes += bytes
    this.#flush()
    return this.#isSpliced || this.#keptBytes < maxParkedBytes
  }

  /** Small pieces are put together: an object for each would cost a hundred times its size. */
  #keep(piece: Buffer): void {
    const last = this.#kept.at(-1)
    if (last && last.length < joinedPieceBytes && piece.length < joinedPieceBytes) {
      this.#kept[this.#kept.length - 1] = Buffer.concat([last, piece])
    } else this.#kept.push(Buffer.from(piece))
  }

  /** Its half-close. */
  onSocketEnd(): void {
    if (!this.facts.isHttps || this.#stream) return
    this.abort('visitor', new SallyportError('SP_ABORTED', 'the visitor left while it waited'))
  }

  /** The visitor's socket is closed: it left, or it was aborted here. */
  onSocketClose(error: Error | undefined): void {
    this.#finish(this.#report('visitor', error))
    this.#stream?.reset()
  }

  #onTimeout(): void {
    const within = `within ${this.facts.channelTimeoutMs / 1_000} s`
    this.abort(
      'timeout',
      this.#stream
        ? new SallyportError('SP_CHANNEL_TIMEOUT', `no origin accepted ${within}`)
        : new SallyportError('SP_AGENT_AWAY', `the agent did not come back ${within}`),
    )
  }

  // --- opening ----------------------------------------------------------------------------------

  /** False when the session takes no stream. */
  #open({ session, routeId }: Member<StreamOpener>): boolean {
    try {
      const header = encodeProxyHeader({ ...this.facts, route: routeId })
      this.#headerBytes = header.length
      this.#agent = session.agent.name
      this.#stream = session.open(header, this)
    } catch (error) {
      if (!isSallyportError(error)) throw error
      if (error.code === 'SP_SESSION_LOST' || error.code === 'SP_DRAINING') return false
      this.abort('relay', error)
      return true
    }
    this.#flush()
    return true
  }

  /** Sends what it said so far; from its first byte on the stream is its only one. */
  #flush(): void {
    const stream = this.#stream
    while (stream && !this.#isBlocked && this.#kept.length > 0) {
      const chunk = this.#kept.shift()
      if (!chunk) break
      this.#hasSpoken = true
      this.#isBlocked = !stream.write(chunk)
    }
    const isCommitted = this.#isAccepted || this.#hasSpoken
    if (!stream || this.#isBlocked || !isCommitted || this.#isSpliced || this.#isOver) return
    this.#isSpliced = true
    splice(this.#end, stream, {
      clock: this.#host.clock,
      onAccepted: () => this.onAccepted(),
      onClose: ({ bytesFromSocket, bytesToSocket, endedBy, error }) =>
        this.#finish({
          bytesIn: bytesFromSocket - this.#headerBytes,
          bytesOut: bytesToSocket,
          endedBy: endedBySide[endedBy],
          error,
          agent: this.#agent,
        }),
    })
  }

  onAccepted(): void {
    this.#isAccepted = true
    if (this.#timer) this.#host.clock.clearTimeout(this.#timer)
    this.#flush()
  }

  /** There is room in the stream again. */
  onDrain(): void {
    this.#isBlocked = false
    this.#flush()
  }

  /** Before the splice: refused by the origin, or the session was lost. */
  onReset(error: SallyportError): void {
    this.#stream = undefined
    const isLost = error.code !== 'SP_STREAM_RESET'
    if (isLost && !this.#hasSpoken) this.seek()
    else this.abort('agent', error)
  }

  // --- the end ----------------------------------------------------------------------------------

  #report(endedBy: VisitReport['endedBy'], error: Error | undefined): VisitReport {
    const sent = this.#stream?.bytesSent ?? 0
    const bytesIn = Math.max(0, sent - this.#headerBytes)
    const bytesOut = this.#stream?.bytesReceived ?? 0
    return { bytesIn, bytesOut, endedBy, error, agent: this.#agent }
  }

  #finish(report: VisitReport): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#timer) this.#host.clock.clearTimeout(this.#timer)
    this.#kept = []
    this.#host.unpark(this)
    this.#host.ended(this, report)
  }
}
