// Byte path 4/8: one stream of a session. Outgoing bytes wait here for credit and for their turn
// (one chunk at most, then the source is told to stop); incoming bytes pass through to the receiver,
// and credit goes back when the receiver says that its sink took them. stream-state.ts has its life.
import {
  Flag,
  FrameType,
  SallyportError,
  initialWindowBytes,
  maxRecordBytes,
} from '@sallyport/protocol'
import { ChunkQueue } from './chunk-queue.ts'
import { acquireBuffer, releaseBuffer } from './buffer-pool.ts'
import type { SlabLoan } from './bulk-read.ts'
import { maxWriteBytes, slabHeadBytes } from './limits.ts'
import { ReceiveWindow } from './receive-window.ts'
import {
  type StreamEvent,
  type StreamState,
  canReceive,
  canSend,
  streamTransitions,
} from './stream-state.ts'

/** What happens on a stream, told to whoever took it. */
export interface StreamReceiver {
  /** The peer accepted it: on the relay, "the origin accepted". At most once. */
  onAccepted?(): void
  /**
   * Bytes in order; the buffer may be kept. Owe {@link MuxStream.consumed} for every byte. A receiver
   * with neither this nor {@link onBytes} leaves data and FIN waiting in the stream, uncredited.
   */
  onData?(chunk: Buffer): void
  /** Instead of `onData`, for who copies: `bytes[start, end)` are valid until it returns. */
  onBytes?(bytes: Buffer, start: number, end: number): void
  /** After the last `onData` of an event-loop turn: the time for one joint write. */
  onTurnEnd?(): void
  /** The peer's FIN: no more data. */
  onEnd?(): void
  /** RST, or the session was lost. Nothing follows. */
  onReset(error: SallyportError): void
  /** `write` may go on after it returned false. */
  onDrain?(): void
  /** The FIN of `end` has gone into the session, behind all that was written. */
  onEndSent?(): void
}

/** What a stream needs of its session. */
export interface StreamHost {
  /** True when the stream may write so much at once, without standing in line. */
  mayWrite(stream: MuxStream, bytes: number): boolean
  /** True when it may write again in this turn. */
  mayGoOn(stream: MuxStream): boolean
  writeData(
    flags: number,
    streamId: number,
    chunk: Uint8Array,
    start: number,
    end: number,
    loan?: SlabLoan,
  ): void
  /** SYN with the stream's first bytes. */
  writeFirst(streamId: number, chunk: Uint8Array): void
  /** A window update with flags alone, for which nobody waits. */
  writeLazily(flags: number, streamId: number): void
  writeControl(type: FrameType, flags: number, streamId: number, length: number): void
  /** Puts the stream in the queue of those that have something to send or to be told. */
  enqueue(stream: MuxStream): void
  /** Asks for {@link StreamReceiver.onTurnEnd} at the end of this turn. */
  touch(stream: MuxStream): void
  /** Bytes of any stream are held no longer; returns what windows are reckoned with. */
  taken(bytes: number): { readonly nowMs: number; readonly rttMs: number | undefined }
  /** Asks the budget for window growth; what was granted stays with the stream till it closes. */
  grantGrowth(bytes: number): boolean
  /** The stream is closed: forget it; `growth` goes back to the budget. */
  release(stream: MuxStream, growth: number): void
  /** A closed stream holds no bytes any more. */
  settled(stream: MuxStream): void
}

export class MuxStream {
  readonly id: number
  readonly #host: StreamHost
  readonly #isGrowthGranted: (bytes: number) => boolean
  #state: StreamState = 'open'
  #receiver: StreamReceiver | undefined
  /** Chunks that wait for a receiver which takes data, and whether a FIN waits behind them. */
  #early: ChunkQueue | undefined
  #isEndEarly = false
  #isAccepted = false
  readonly #window = new ReceiveWindow()
  #credit = initialWindowBytes
  #hold: Buffer | undefined
  #holdStart = 0
  #holdEnd = 0
  #mustEnd = false
  #mustDrain = false
  #isDiscarded = false
  /** Whether the session's queue has this stream; the session's to set. */
  isQueued = false
  /** Whether this turn's list of touched streams has it; the session's to set. */
  isTouched = false
  bytesSent = 0
  bytesReceived = 0
  /** When the sink last took bytes or had none to take, on the session's clock. */
  lastTakenMs: number

  constructor(id: number, host: StreamHost, nowMs: number) {
    this.id = id
    this.#host = host
    this.#isGrowthGranted = (bytes) => host.grantGrowth(bytes)
    this.lastTakenMs = nowMs
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Bytes received that no sink has taken. */
  get heldBytes(): number {
    return this.#isDiscarded ? 0 : this.#window.held
  }

  /**
   * Sets or replaces the receiver; data and FIN that waited are delivered before this returns, until
   * the receiver puts some back, is replaced or resets the stream.
   */
  receive(receiver: StreamReceiver): void {
    this.#receiver = receiver
    const early = this.#early
    if (early === undefined || !takesData(receiver)) return
    for (let chunk = early.shift(); chunk !== undefined; chunk = early.shift()) {
      const left = early.length
      this.#host.touch(this)
      give(receiver, chunk)
      const isDone = this.#receiver !== receiver || this.#early !== early
      if (isDone || early.length > left) return
    }
    this.#early = undefined
    const hasEnded = this.#isEndEarly
    this.#isEndEarly = false
    if (hasEnded) receiver.onEnd?.()
  }

  /** Gives back bytes that a receiver got and does not want; the next one gets them first. */
  putBack(chunk: Buffer): void {
    if (chunk.length > 0) (this.#early ??= new ChunkQueue()).unshift(chunk)
  }

  /** Sends ACK: this end accepted the stream. */
  accept(): void {
    if (!this.isClosed) this.#host.writeLazily(Flag.ack, this.id)
  }

  /**
   * Sends `chunk[start, end)`, at most {@link maxWriteBytes}; the bytes are copied before this
   * returns, or the `loan` taken, which has the whole chunk. On a closed stream they go nowhere: the receiver has been told.
   * @returns false when the source must stop until `onDrain`.
   * @throws {SallyportError} SP_INTERNAL when written to while it said stop, or after `end`.
   */
  write(chunk: Uint8Array, start = 0, end = chunk.length, loan?: SlabLoan): boolean {
    if (this.#state === 'closed') return true
    if (this.#hold !== undefined || this.#mustEnd || !canSend(this.#state)) {
      throw new SallyportError('SP_INTERNAL', `stream ${this.id} was written to out of turn`)
    }
    let at = start
    if (this.#credit > 0 && this.#host.mayWrite(this, end - start)) {
      at += Math.min(end - at, this.#credit)
      if (at > start) this.#send(chunk, start, at, at === end ? loan : undefined)
      if (at === end && this.#credit > 0 && this.#host.mayGoOn(this)) return true
    }
    if (at < end) this.#keep(chunk, at, end, loan)
    this.#mustDrain = true
    if (this.#credit > 0) this.#host.enqueue(this)
    return false
  }

  /** SYN with the stream's first bytes; the session's to call, once. */
  sendFirst(bytes: Uint8Array): void {
    this.#host.writeFirst(this.id, bytes)
    this.#credit -= bytes.length
    this.bytesSent += bytes.length
  }

  /** FIN after all that was written. Idempotent. */
  end(): void {
    if (!canSend(this.#state)) return
    if (this.#hold !== undefined) this.#mustEnd = true
    else this.#sendEnd()
  }

  /**
   * RST now. What waits is dropped and the receiver is told nothing more. Idempotent; after both FINs
   * it gives up the bytes that no sink has taken.
   */
  reset(): void {
    this.#receiver = undefined
    if (this.isClosed) return this.#discard()
    this.#host.writeControl(FrameType.windowUpdate, Flag.rst, this.id, 0)
    this.#become('reset')
  }

  /** The sink took bytes that `onData` delivered: credit may go back to the peer. */
  consumed(bytes: number): void {
    if (this.#isDiscarded) return
    const { nowMs, rttMs } = this.#host.taken(bytes)
    this.lastTakenMs = nowMs
    const credit = this.#window.taken(bytes)
    if (this.isClosed && this.heldBytes === 0) this.#host.settled(this)
    if (credit === 0 || !canReceive(this.#state)) return
    const growth = this.#window.grow(nowMs, rttMs, this.#isGrowthGranted)
    this.#host.writeControl(FrameType.windowUpdate, Flag.none, this.id, credit + growth)
  }

  // --- the session's side -----------------------------------------------------------------------

  /** The peer's ACK. */
  peerAccepted(): void {
    if (this.#isAccepted || this.isClosed) return
    this.#isAccepted = true
    this.#receiver?.onAccepted?.()
  }

  /**
   * The header of a data frame.
   * @throws {SallyportError} SP_PROTOCOL when the peer has sent FIN or has not the credit.
   */
  expect(bytes: number): void {
    if (!canReceive(this.#state)) {
      throw new SallyportError('SP_PROTOCOL', `stream ${this.id}: ${bytes} bytes after FIN`)
    }
    if (!this.#window.receive(bytes)) {
      throw new SallyportError(
        'SP_PROTOCOL',
        `stream ${this.id}: ${bytes} bytes where ${this.#window.available} may come`,
      )
    }
  }

  deliver(bytes: Buffer, start: number, end: number): void {
    this.bytesReceived += end - start
    const receiver = this.#receiver
    if (this.#early !== undefined || !takesData(receiver)) {
      this.#early ??= new ChunkQueue()
      this.#early.pushCopy(bytes.subarray(start, end))
      return
    }
    this.#host.touch(this)
    if (receiver.onBytes) receiver.onBytes(bytes, start, end)
    else receiver.onData?.(copyOf(bytes, start, end))
  }

  turnEnded(): void {
    this.#receiver?.onTurnEnd?.()
  }

  /** The peer's FIN. */
  peerEnded(): void {
    if (!canReceive(this.#state)) {
      throw new SallyportError('SP_PROTOCOL', `stream ${this.id}: a second FIN`)
    }
    const receiver = this.#receiver
    this.#isEndEarly = !takesData(receiver) || this.#early !== undefined
    if (this.#isEndEarly) this.#early ??= new ChunkQueue()
    this.#become('receiveEnd')
    if (!this.#isEndEarly) receiver?.onEnd?.()
  }

  /** The peer's RST, or the loss of the session. */
  abort(error: SallyportError): void {
    if (this.isClosed) return
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#become('reset')
    receiver?.onReset(error)
  }

  /** Its sink takes nothing and the memory is needed: RST, and the receiver is told. */
  giveUp(error: SallyportError): void {
    if (!this.isClosed) {
      this.#host.writeControl(FrameType.windowUpdate, Flag.rst, this.id, 0)
      this.abort(error)
      return
    }
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#discard()
    receiver?.onReset(error)
  }

  /**
   * Credit from the peer.
   * @throws {SallyportError} SP_PROTOCOL when it adds up to more than 32 bits can say.
   */
  addCredit(credit: number): void {
    if (credit === 0) return
    this.#credit += credit
    if (this.#credit > 0xffff_ffff) {
      throw new SallyportError('SP_PROTOCOL', `stream ${this.id}: credit overflow`)
    }
    if (this.#mustDrain) this.#host.enqueue(this)
  }

  /**
   * Its turn to send: one message's worth of what waits, or the word that there is room again.
   * @returns true when it wants another turn.
   */
  takeTurn(maxBytes: number): boolean {
    const hold = this.#hold
    if (hold !== undefined) {
      const end = Math.min(this.#holdEnd, this.#holdStart + Math.min(this.#credit, maxBytes))
      if (end > this.#holdStart) this.#send(hold, this.#holdStart, end)
      this.#holdStart = end
      if (end < this.#holdEnd) return this.#credit > 0
      this.#dropHold()
    }
    if (this.#mustEnd) {
      this.#mustEnd = false
      this.#mustDrain = false
      this.#sendEnd()
    } else if (this.#mustDrain && this.#credit > 0) {
      this.#mustDrain = false
      this.#receiver?.onDrain?.()
    }
    return false
  }

  // --- inside -----------------------------------------------------------------------------------

  #send(chunk: Uint8Array, start: number, end: number, loan?: SlabLoan): void {
    this.#host.writeData(Flag.none, this.id, chunk, start, end, loan)
    this.#credit -= end - start
    this.bytesSent += end - start
  }

  #sendEnd(): void {
    // Who has said all it had to say hardly waits for the other's end.
    if (this.#state === 'receiveEnded') this.#host.writeLazily(Flag.fin, this.id)
    else this.#host.writeControl(FrameType.windowUpdate, Flag.fin, this.id, 0)
    this.#become('sendEnd')
    this.#receiver?.onEndSent?.()
  }

  #keep(chunk: Uint8Array, start: number, end: number, loan?: SlabLoan): void {
    if (end - start > maxWriteBytes) {
      throw new SallyportError('SP_INTERNAL', `stream ${this.id}: a chunk of ${end - start} bytes`)
    }
    const slab = loan?.takeToKeep()
    if (slab !== undefined && end - start > maxRecordBytes) {
      this.#hold = slab
      this.#holdStart = slabHeadBytes + start
    } else {
      this.#hold = acquireBuffer(end - start)
      this.#hold.set(chunk.subarray(start, end))
      this.#holdStart = 0
      // Of a small rest it would be mostly empty.
      if (slab !== undefined) releaseBuffer(slab)
    }
    this.#holdEnd = this.#holdStart + end - start
  }

  #dropHold(): void {
    if (this.#hold !== undefined) releaseBuffer(this.#hold)
    this.#hold = undefined
  }

  #become(event: StreamEvent): void {
    const next = streamTransitions[this.#state][event]
    if (next === undefined) {
      throw new SallyportError('SP_INTERNAL', `stream ${this.id}: ${event} while ${this.#state}`)
    }
    this.#state = next
    if (next !== 'closed') return
    this.#dropHold()
    this.#mustDrain = false
    this.#mustEnd = false
    const growth = this.#window.size - initialWindowBytes
    if (event === 'reset') this.#discard()
    this.#host.release(this, growth)
  }

  /** Forgets received bytes that no sink will take; `consumed` means nothing from here on. */
  #discard(): void {
    if (this.#isDiscarded) return
    const { heldBytes } = this
    this.#isDiscarded = true
    this.#early = undefined
    this.#isEndEarly = false
    this.#host.taken(heldBytes)
    this.#host.settled(this)
  }
}

function takesData(receiver: StreamReceiver | undefined): receiver is StreamReceiver {
  return receiver?.onBytes !== undefined || receiver?.onData !== undefined
}

function give(receiver: StreamReceiver, chunk: Buffer): void {
  if (receiver.onBytes) receiver.onBytes(chunk, 0, chunk.length)
  else receiver.onData?.(chunk)
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end))
}
