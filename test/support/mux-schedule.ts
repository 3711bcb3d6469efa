// Random operations on two sessions over a link as narrow and as finely cut as may be, against a
// small model of what must come of them: every byte, in order, then the end that was asked for. The
// watchdog counts turns of the event loop, not time: no stall hides behind a slow machine.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Session } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import fc from 'fast-check'
import { FakeClock } from './fake-clock.ts'
import { createMemoryLink } from './memory-link.ts'
import { ScheduleEnd } from './schedule-end.ts'

type Side = 'agent' | 'relay'

export interface Step {
  readonly act: Act
  readonly side: Side
  /** Which of the streams opened so far, counted around. */
  readonly stream: number
  /** Bytes to write, or turns to pass. */
  readonly amount: number
}

export interface Schedule {
  readonly capacityBytes: number
  readonly maxCutBytes: number
  readonly seed: number
  readonly steps: readonly Step[]
}

type Act =
  | 'open'
  | 'write'
  | 'pause'
  | 'read'
  | 'accept'
  | 'end'
  | 'reset'
  | 'turns'
  | 'settle'
  | 'hold'
  | 'letGo'

/** How often each is drawn. */
const acts: readonly Act[] = [
  ...(['open', 'open', 'write', 'write', 'write', 'write', 'pause', 'read', 'accept'] as const),
  ...(['end', 'reset', 'turns', 'turns', 'settle', 'hold', 'letGo'] as const),
]

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(...acts),
  side: fc.constantFrom<Side>('agent', 'relay'),
  stream: fc.nat(7),
  amount: fc.oneof(
    fc.nat(100),
    fc.nat(70_000),
    fc.constantFrom(0, 1, 4_096, 4_097, 16_364, 16_384, 65_456, 65_536, 262_144, 300_000),
  ),
})

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  capacityBytes: fc.constantFrom(1_024, 4_096, 16_384, 65_536, 1_048_576),
  maxCutBytes: fc.constantFrom(20, 1_000, 1_048_576),
  seed: fc.nat(),
  steps: fc.array(step, { minLength: 3, maxLength: 50, size: 'max' }),
})

/** Turns without any progress after which nothing will come any more. */
const quietTurns = 40

/** Runs a schedule and throws where sessions and model part. */
export async function runSchedule(schedule: Schedule): Promise<void> {
  await new Run(schedule).run()
}

class Run {
  readonly #steps: readonly Step[]
  readonly #clock = new FakeClock()
  readonly #link
  readonly #sessions: Record<Side, Session>
  /** By stream id, as soon as its opener has it. */
  readonly #ends: Record<Side, Map<number, ScheduleEnd>> = { agent: new Map(), relay: new Map() }
  readonly #ids: number[] = []
  readonly #held = new Set<Side>()

  constructor({ capacityBytes, maxCutBytes, seed, steps }: Schedule) {
    this.#steps = steps
    let state = seed
    const nextCut = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return 1 + ((state >>> 8) % maxCutBytes)
    }
    this.#link = createMemoryLink({ capacityBytes, nextCut })
    this.#sessions = { agent: this.#session('agent'), relay: this.#session('relay') }
  }

  #session(side: Side): Session {
    return new Session({
      transport: this.#link[side],
      side,
      clock: this.#clock,
      onStream: (stream) => {
        const end = this.#ends[side].get(stream.id) ?? assert.fail('a stream that nobody opened')
        end.take(stream)
        stream.receive(end)
        end.pump()
      },
      onClose: ({ message, cause, code }) => {
        if (code === 'SP_ABORTED') return
        assert.fail(`the session of the ${side} closed: ${message} ${String(cause)}`)
      },
    })
  }

  async run(): Promise<void> {
    try {
      for (const next of this.#steps) await this.#do(next)
      await this.#finish()
    } finally {
      const over = new SallyportError('SP_ABORTED', 'the schedule is over')
      for (const session of Object.values(this.#sessions)) session.destroy(over)
    }
  }

  async #do({ act, side, stream, amount }: Step): Promise<void> {
    const end = this.#ends[side].get(this.#ids[stream % this.#ids.length] ?? 0)
    switch (act) {
      case 'open':
        if (this.#ids.length < 12) this.#open(side, amount)
        return
      case 'write':
        if (end && !end.mustEnd && end.sent + end.pending < 2_000_000) {
          end.pending += amount
          end.pump()
        }
        return
      case 'pause':
        if (end) end.isReading = false
        return
      case 'read':
        return end?.read()
      case 'accept':
        return end?.isOver ? undefined : end?.stream?.accept()
      case 'end':
        if (end) end.mustEnd = true
        return end?.pump()
      case 'reset':
        return end?.reset()
      case 'turns':
        for (let turn = 0; turn < amount % 10; turn++) await this.#turn()
        return
      case 'settle':
        await this.#settle()
        this.#assertNothingStalls()
        return
      case 'hold':
        this.#held.add(side)
        this.#link[side].hold()
        return
      case 'letGo':
        this.#letGo(side)
    }
  }

  #open(side: Side, amount: number): void {
    const parity = side === 'agent' ? 1 : 0
    const own = this.#ids.filter((id) => id % 2 === parity).length
    const id = (parity === 1 ? 1 : 2) + 2 * own
    const direction = 2 * this.#ids.length
    const opener = new ScheduleEnd(`stream ${id} of the ${side}`, direction)
    const other = side === 'agent' ? 'relay' : 'agent'
    this.#ids.push(id)
    this.#ends[side].set(id, opener)
    this.#ends[other].set(id, new ScheduleEnd(`stream ${id} at the ${other}`, direction + 1))
    const stream = this.#sessions[side].open(opener.firstBytes(amount % 2_000), opener)
    assert.equal(stream.id, id)
    opener.take(stream)
  }

  async #turn(): Promise<void> {
    this.#clock.advance(1)
    await nextTurn()
  }

  get #progress(): number {
    let events = this.#link.agent.deliveredBytes + this.#link.relay.deliveredBytes
    for (const end of this.#allEnds()) events += end.events
    return events
  }

  *#allEnds(): Generator<ScheduleEnd> {
    yield* this.#ends.agent.values()
    yield* this.#ends.relay.values()
  }

  /** Turns until nothing happens any more. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns;) {
      const before = this.#progress
      await this.#turn()
      quiet = this.#progress === before ? quiet + 1 : 0
    }
  }

  #letGo(side: Side): void {
    this.#held.delete(side)
    this.#link[side].letGo()
  }

  /** Where the reader reads and the link moves, all that was written has arrived. */
  #assertNothingStalls(): void {
    if (this.#held.size > 0) return
    for (const id of this.#ids) {
      for (const [from, to] of [
        ['agent', 'relay'],
        ['relay', 'agent'],
      ] as const) {
        const [writer, reader] = [this.#ends[from].get(id), this.#ends[to].get(id)]
        if (!writer || !reader || writer.isOver || reader.isOver || !reader.isReading) continue
        assert.equal(writer.pending, 0, `${writer.name} stalls before ${writer.sent}`)
        assert.equal(reader.received, writer.sent, `${writer.name} stalls`)
        assert.equal(reader.hasFin, writer.isEnded, `${writer.name}: FIN`)
      }
    }
  }

  /** Everything goes on to its end; then nothing may be left. */
  async #finish(): Promise<void> {
    this.#letGo('agent')
    this.#letGo('relay')
    await this.#settle()
    for (const end of this.#allEnds()) {
      end.read()
      end.mustEnd = true
      end.pump()
    }
    await this.#settle()
    this.#assertNothingStalls()
    for (const id of this.#ids) this.#assertEnd(id)
    for (const { streamCount, heldBytes } of Object.values(this.#sessions)) {
      assert.equal(streamCount, 0, 'streams are left')
      assert.equal(heldBytes, 0, 'bytes are left')
    }
  }

  /** What the model says of a stream whose both ends did all they were told. */
  #assertEnd(id: number): void {
    for (const [side, otherSide] of [
      ['agent', 'relay'],
      ['relay', 'agent'],
    ] as const) {
      const end = this.#ends[side].get(id) ?? assert.fail()
      const other = this.#ends[otherSide].get(id) ?? assert.fail()
      assert.ok(end.stream?.isClosed, `${end.name} is open`)
      assert.ok(end.received <= other.sent)
      if (end.error) {
        assert.equal(end.error.code, 'SP_STREAM_RESET')
        assert.ok(other.isResetHere, `${end.name}: a reset that nobody sent`)
      } else if (!end.isResetHere) {
        // Closed by two FINs; a reset of the other end may have come later still.
        assert.ok(end.hasFin && end.isEnded, end.name)
        assert.equal(end.received, other.sent, end.name)
      }
    }
  }
}
