// A peer that sends whatever frames a test wants and keeps what it gets: the other end of a session
// for tests of single frames and of abuse.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Changes } from './changes.ts'
import type { MemoryTransport } from './memory-link.ts'
import { type NaiveFrame, naiveDecode, naiveEncode } from './naive-frame.ts'
import type { TransportEnd } from '@sallyport/mux'

export const type = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const
export const flag = { none: 0, syn: 1, ack: 2, fin: 4, rst: 8 } as const

export class RawPeer {
  readonly changes = new Changes()
  readonly transport: MemoryTransport
  /** Every whole frame that came. */
  readonly frames: NaiveFrame[] = []
  #rest = Buffer.alloc(0)
  end: TransportEnd | undefined
  /** Answers pings, like a peer that is alive. */
  answersPings = true

  constructor(transport: MemoryTransport) {
    this.transport = transport
    transport.start({
      onBytes: (bytes, start, end) => this.#onBytes(bytes.subarray(start, end)),
      onEnd: (end) => {
        this.end = end
        this.changes.tell()
      },
    })
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Buffer): void {
    this.transport.send(bytes, () => {})
  }

  send(...frames: readonly Parameters<typeof naiveEncode>[0][]): void {
    this.sendBytes(Buffer.concat(frames.map((frame) => naiveEncode(frame))))
  }

  /** Waits for a frame of the session's, from the first one on. */
  async frame(what: string, matches: (frame: NaiveFrame) => boolean): Promise<NaiveFrame> {
    let found: NaiveFrame | undefined
    await this.changes.until(what, () => {
      found = this.frames.find(matches)
      return found !== undefined
    })
    return found ?? assert.fail(what)
  }

  /** Waits until the link is empty both ways and the session had its turn. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 4;) {
      const before = this.frames.length
      await nextTurn()
      quiet = this.transport.queuedBytes === 0 && this.frames.length === before ? quiet + 1 : 0
    }
  }

  #onBytes(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk])
    const { frames, rest } = naiveDecode(bytes)
    this.#rest = bytes.subarray(bytes.length - rest)
    for (const frame of frames) {
      this.frames.push(frame)
      if (this.answersPings && frame.type === type.ping && frame.flags === flag.syn) {
        this.send({ ...frame, flags: flag.ack })
      }
    }
    this.changes.tell()
  }
}
