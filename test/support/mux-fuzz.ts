// Session after session under hostile frames. What must hold: nothing is thrown but by the rules, the
// session sends no more than it was given credit for, memory comes back, and no chunk takes long.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Session, type Transport, type TransportHandler } from '@sallyport/mux'
import { FrameDecoder, SallyportError } from '@sallyport/protocol'
import { openCarelessly, takeCarelessly } from './careless-streams.ts'
import { FakeClock } from './fake-clock.ts'
import { HostileFrames, Random } from './hostile-frames.ts'
import { usedMiB } from './memory.ts'

export interface FuzzReport {
  readonly frames: number
  readonly sessions: number
  /** How many sessions ended with which error. */
  readonly endings: ReadonlyMap<string, number>
  /** Streams that the peer opened. */
  readonly streams: number
  /** The longest that one chunk of at most 64 KiB took, in CPU time: a busy machine counts for nothing. */
  readonly longestMs: number
  readonly growthMiB: number
}

const chunkBytes = 48 * 1024

/** The victim's link: it takes everything at once, after a turn, or nothing at all. */
class FuzzTransport implements Transport {
  readonly messageHeaderBytes = 0
  readonly #isDeaf: boolean
  readonly #output: FrameDecoder
  handler: TransportHandler | undefined

  constructor(isDeaf: boolean, output: FrameDecoder) {
    this.#isDeaf = isDeaf
    this.#output = output
  }

  start(handler: TransportHandler): void {
    this.handler = handler
  }

  sealMessage(_slab: Buffer, _start: number, end: number): number {
    return end
  }

  send(sealed: Buffer, taken: () => void): void {
    this.#output.push(sealed)
    if (!this.#isDeaf) setImmediate(taken)
  }

  close(code: number): void {
    assert.equal(code, 1002)
  }

  destroy(): void {}
}

/** Counts the credit that the peer gave and what the session sent for it, stream by stream. */
class CreditBook {
  readonly #given = new Map<number, number>()
  readonly #sent = new Map<number, number>()

  give(id: number, credit: number): void {
    this.#given.set(id, (this.#given.get(id) ?? 262_144) + credit)
  }

  send(id: number, bytes: number): void {
    const sent = (this.#sent.get(id) ?? 0) + bytes
    this.#sent.set(id, sent)
    assert.ok(sent <= (this.#given.get(id) ?? 262_144), `stream ${id} sends past its credit`)
  }
}

const nothing = { onPayload: () => {}, onPing: () => {}, onGoAway: () => {} }

class FuzzRun {
  readonly #random: Random
  readonly #endings = new Map<string, number>()
  #frames = 0
  #sessions = 0
  #streams = 0
  #longestMs = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  async run(frames: number): Promise<FuzzReport> {
    const before = usedMiB()
    let most = 0
    for (let share = 1; share <= 10; share++) {
      while (this.#frames < (frames * share) / 10) await this.#session()
      most = Math.max(most, usedMiB() - before)
    }
    return {
      frames: this.#frames,
      sessions: this.#sessions,
      endings: this.#endings,
      streams: this.#streams,
      longestMs: this.#longestMs,
      growthMiB: most,
    }
  }

  async #session(): Promise<void> {
    const random = this.#random
    const book = new CreditBook()
    const output = new FrameDecoder({
      ...nothing,
      onData: (id, _flags, length) => book.send(id, length),
      onWindowUpdate: () => {},
    })
    const transport = new FuzzTransport(random.chance(1, 20), output)
    const clock = new FakeClock()
    const victim = random.pick(['agent', 'relay'] as const)
    let ending: SallyportError | undefined
    const session = new Session({
      transport,
      side: victim,
      clock,
      onStream: (stream) => {
        this.#streams++
        takeCarelessly(stream, random)
      },
      onClose: (error) => {
        assert.equal(ending, undefined, 'closed twice')
        ending = error
      },
    })
    for (let count = 0; count < 3; count++) openCarelessly(session, random)
    const wrongPerMille = random.pick([0, 2, 10, 50, 300])
    const hostile = new HostileFrames(random, { victim, wrongPerMille })
    const heard = new FrameDecoder({
      ...nothing,
      onData: () => {},
      onWindowUpdate: (id, _flags, credit) => book.give(id, credit),
    })
    this.#sessions++
    for (let chunks = random.pick([1, 4, 40]); chunks > 0 && ending === undefined; chunks--) {
      this.#chunk(transport, hostile, heard)
      clock.advance(random.below(200))
      await nextTurn()
    }
    const over = new SallyportError('SP_ABORTED', 'goes on')
    session.destroy(over)
    this.#count(ending ?? over)
    assert.equal(session.streamCount, 0)
  }

  /** One chunk of frames, cut where chance will have it. */
  #chunk(transport: FuzzTransport, hostile: HostileFrames, heard: FrameDecoder): void {
    const chunk = Buffer.allocUnsafeSlow(chunkBytes + 20_000)
    let end = 0
    while (end < chunkBytes) {
      end = hostile.write(chunk, end)
      this.#frames++
    }
    try {
      heard.push(chunk.subarray(0, end))
    } catch {
      // The session will say the same; what came before is counted.
    }
    const began = process.cpuUsage()
    for (let at = 0; at < end;) {
      const next = Math.min(
        end,
        at + 1 + this.#random.below(this.#random.pick([20, 4_000, 60_000])),
      )
      transport.handler?.onBytes(chunk, at, next)
      at = next
    }
    const { user, system } = process.cpuUsage(began)
    this.#longestMs = Math.max(this.#longestMs, (user + system) / 1_000)
  }

  #count(error: SallyportError): void {
    assert.notEqual(error.code, 'SP_INTERNAL', String(error.cause))
    const key = `${error.code}: ${error.message.replaceAll(/0x[0-9a-f]+|\d+/g, 'n')}`
    this.#endings.set(key, (this.#endings.get(key) ?? 0) + 1)
  }
}

/** Sends at least so many hostile frames; throws where a session does what it may not. */
export async function fuzzSessions(frames: number, seed: number): Promise<FuzzReport> {
  try {
    return await new FuzzRun(seed).run(frames)
  } catch (cause) {
    throw new Error(`seed ${seed}: ${String(cause)}`, { cause })
  }
}
