// What may be held in memory for peers whose sinks are slow: a bound for each agent, and one for the
// process over all of them. Windows grow only as far as it allows, and over it the fullest stalled
// streams are given up, in whichever session they are.
import { SallyportError } from '@sallyport/protocol'
import { reliefIntervalMs, stalledSinkMs, urgentFactor } from './limits.ts'

/** A stream as the budget sees it. */
export interface HoldingStream {
  /** Bytes received that its sink has not taken. */
  readonly heldBytes: number
  /** Since when its sink has taken nothing of what it holds. */
  readonly lastTakenMs: number
  /** Resets it: its memory is needed. */
  giveUp(error: SallyportError): void
}

/** Who has streams, open ones and those that ended and still hold bytes. */
export interface Holder {
  holding(): Iterable<HoldingStream>
}

export class MemoryBudget {
  readonly #limitBytes: number
  readonly #parent: MemoryBudget | undefined
  readonly #holders = new Set<Holder>()
  #lastReliefMs = -Infinity
  #heldBytes = 0
  #grownBytes = 0

  /** What is counted here counts in `parent` too. */
  constructor(limitBytes: number, parent?: MemoryBudget) {
    this.#limitBytes = limitBytes
    this.#parent = parent
  }

  /** Bytes received that no sink has taken. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** True while more is held than this budget or its parent allows. */
  get isOver(): boolean {
    return this.#heldBytes > this.#limitBytes || (this.#parent?.isOver ?? false)
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes
    this.#parent?.hold(bytes)
  }

  free(bytes: number): void {
    this.#heldBytes -= bytes
    this.#parent?.free(bytes)
  }

  /** The holder's streams may be given up from here on. */
  join(holder: Holder): void {
    this.#holders.add(holder)
    this.#parent?.join(holder)
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder)
    this.#parent?.leave(holder)
  }

  /**
   * Over the limit: gives up streams whose sink took nothing for a while, the fullest first. Far over
   * it a peer fills memory faster than anything can stall: then the fullest go, whatever their sinks.
   */
  relieve(nowMs: number): void {
    if (this.#parent?.isOver) this.#parent.relieve(nowMs)
    if (this.#heldBytes <= this.#limitBytes) return
    const isUrgent = this.#heldBytes > urgentFactor * this.#limitBytes
    if (!isUrgent && nowMs - this.#lastReliefMs < reliefIntervalMs) return
    this.#lastReliefMs = nowMs
    const streams: HoldingStream[] = []
    for (const holder of this.#holders) {
      for (const stream of holder.holding()) {
        if (stream.heldBytes === 0) continue
        if (isUrgent || nowMs - stream.lastTakenMs >= stalledSinkMs) streams.push(stream)
      }
    }
    streams.sort((one, other) => other.heldBytes - one.heldBytes)
    for (const stream of streams) {
      if (this.#heldBytes <= this.#limitBytes) return
      stream.giveUp(new SallyportError('SP_STREAM_RESET', 'its sink took nothing for too long'))
    }
  }

  /** Whether windows may grow by so much; what was granted is given back by {@link shrink}. */
  grow(bytes: number): boolean {
    if (this.isOver || this.#grownBytes + bytes > this.#limitBytes) return false
    if (this.#parent && !this.#parent.grow(bytes)) return false
    this.#grownBytes += bytes
    return true
  }

  shrink(bytes: number): void {
    this.#grownBytes -= bytes
    this.#parent?.shrink(bytes)
  }
}
