// Two transports joined in memory, for the mux without sockets: as slow, as narrow and as finely cut
// as a test wants, and standing still when it says so. No real time passes.
import { Changes } from './changes.ts'
import assert from 'node:assert/strict'
import type { Transport, TransportEnd, TransportHandler } from '@sallyport/mux'

export interface LinkOptions {
  /** What a direction takes from its writer in one turn of the event loop; default 64 KiB. */
  readonly capacityBytes?: number
  /** Size of the next piece that is delivered; default: all that one turn brings. */
  readonly nextCut?: () => number
}

/** Bytes around what is delivered, which nobody may look at. */
const margin = Buffer.alloc(7, 0xee)

interface Entry {
  readonly bytes: Buffer
  readonly taken: () => void
}

export interface MemoryLink {
  readonly agent: MemoryTransport
  readonly relay: MemoryTransport
}

export function createMemoryLink(options: LinkOptions = {}): MemoryLink {
  const agent = new MemoryTransport(options)
  const relay = new MemoryTransport(options)
  agent.join(relay)
  relay.join(agent)
  return { agent, relay }
}

export class MemoryTransport implements Transport {
  readonly messageHeaderBytes = 0
  readonly #capacityBytes: number
  readonly #nextCut: () => number
  /** Tells whenever the peer has got bytes from this end. */
  readonly changes = new Changes()
  #peer: MemoryTransport | undefined
  #handler: TransportHandler | undefined
  #queue: Entry[] = []
  #front = 0
  #goodbye: TransportEnd | undefined
  #isPumpDue = false
  #isHeld = false
  #hasEnded = false
  /** Bytes that the peer has got from this end. */
  deliveredBytes = 0

  constructor(options: LinkOptions) {
    this.#capacityBytes = options.capacityBytes ?? 64 * 1024
    this.#nextCut = options.nextCut ?? (() => this.#capacityBytes)
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer
  }

  /** The other end. */
  get peer(): MemoryTransport {
    return this.#peer ?? assert.fail('a transport that was not joined')
  }

  /** Bytes written here that the peer has not got. */
  get queuedBytes(): number {
    let bytes = -this.#front
    for (const entry of this.#queue) bytes += entry.bytes.length
    return bytes
  }

  /** From now on the peer gets nothing: a link that stands still, or a peer that reads nothing. */
  hold(): void {
    this.#isHeld = true
  }

  /** Goes on after {@link hold}. */
  letGo(): void {
    this.#isHeld = false
    this.#schedule()
  }

  /** The link breaks, without a word, for both. */
  cut(): void {
    this.destroy()
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
  }

  sealMessage(_slab: Buffer, _start: number, end: number): number {
    return end
  }

  send(sealed: Buffer, taken: () => void): void {
    if (this.#hasEnded) {
      setImmediate(taken)
      return
    }
    this.#queue.push({ bytes: sealed, taken })
    this.#schedule()
  }

  close(code: number, reason: string): void {
    this.#goodbye ??= { code, reason }
    this.#schedule()
  }

  destroy(): void {
    this.#finish({ code: undefined, reason: '' })
    this.peer.#finish({ code: undefined, reason: '' })
  }

  #schedule(): void {
    if (this.#isPumpDue || this.#isHeld || this.#hasEnded) return
    this.#isPumpDue = true
    setImmediate(() => {
      this.#isPumpDue = false
      this.#pump()
    })
  }

  #pump(): void {
    const pieces: Buffer[] = []
    let room = this.#capacityBytes
    while (room > 0 && !this.#isHeld && !this.#hasEnded) {
      const entry = this.#queue[0]
      if (entry === undefined) break
      const piece = entry.bytes.subarray(this.#front, this.#front + room)
      pieces.push(Buffer.from(piece))
      room -= piece.length
      this.#front += piece.length
      if (this.#front < entry.bytes.length) break
      this.#queue.shift()
      this.#front = 0
      entry.taken()
    }
    if (pieces.length > 0) {
      this.peer.#deliver(Buffer.concat(pieces), this.#nextCut)
      this.deliveredBytes += this.#capacityBytes - room
      this.changes.tell()
    }
    if (this.#queue.length > 0) this.#schedule()
    else if (this.#goodbye !== undefined && !this.#isHeld) {
      const goodbye = this.#goodbye
      this.#finish(goodbye)
      this.peer.#finish(goodbye)
    }
  }

  #deliver(bytes: Buffer, nextCut: () => number): void {
    for (let at = 0; at < bytes.length && !this.#hasEnded;) {
      const next = Math.min(bytes.length, at + Math.max(1, nextCut()))
      // As a read buffer is: what the handler keeps of it turns to rubbish.
      const borrowed = Buffer.concat([margin, bytes.subarray(at, next), margin])
      this.#handler?.onBytes(borrowed, margin.length, borrowed.length - margin.length)
      borrowed.fill(0xbb)
      at = next
    }
  }

  #finish(end: TransportEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const lost = this.#queue
    this.#queue = []
    setImmediate(() => {
      this.#handler?.onEnd(end)
      for (const { taken } of lost) taken()
    })
  }
}
