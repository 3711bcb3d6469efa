import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Changes } from '../../../test/support/changes.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { KnownVisitors } from './known-visitors.ts'
import { type AskAboutKnock, type Knock, type KnockAnswer, KnockDesk } from './knock.ts'
import {
  knockBurst,
  knockEveryMs,
  knockHourMs,
  knockTimeoutMs,
  maxKnocks,
  maxVisitsPerKnock,
  unansweredKnockMs,
} from './limits.ts'

const door = { url: 'tcp://relay.test:2222', target: 'localhost:22' }
const at = (visitor: string): Knock => ({ visitor, ...door })

interface Asked {
  readonly knock: Knock
  readonly signal: AbortSignal
  answer(answer: KnockAnswer | undefined): void
}

/** A desk whose questions the test answers. */
function opened(given: { ask?: AskAboutKnock; channelTimeoutMs?: number } = {}) {
  const clock = new FakeClock()
  const changes = new Changes()
  const asked: Asked[] = []
  const told: string[] = []
  const known = new KnownVisitors()
  const desk = new KnockDesk({
    clock,
    known,
    channelTimeoutMs: given.channelTimeoutMs ?? 1_000_000,
    ask:
      given.ask ??
      ((knock, signal) => {
        const { promise, resolve } = Promise.withResolvers<KnockAnswer | undefined>()
        asked.push({ knock, signal, answer: resolve })
        changes.tell()
        return promise
      }),
    onKnock: ({ visitor, answer, by }) => {
      told.push(`${visitor} ${answer} ${by}`)
      changes.tell()
    },
  })
  /** 'in', or why not; 'waits' until then. */
  const knock = (visitor: string) => {
    const visit = { state: 'waits', cancel: () => {} }
    const waiting = desk.knock(at(visitor), (refusal) => {
      visit.state = refusal?.message ?? 'in'
      changes.tell()
    })
    if (waiting) visit.cancel = () => waiting.cancel()
    else visit.state = 'in'
    return visit
  }
  return {
    clock,
    desk,
    known,
    asked,
    told,
    knock,
    question: async (nth: number): Promise<Asked> => {
      await changes.until(`question ${nth}`, () => asked.length > nth)
      return asked[nth] ?? assert.fail('no question')
    },
    settled: (visit: { readonly state: string }) =>
      changes.until('an answer', () => visit.state !== 'waits'),
  }
}

test('knock: one question for all visits of an address; once is for those who wait', async () => {
  const { knock, question, asked, settled, told } = opened()
  const [one, other] = [knock('192.0.2.7'), knock('192.0.2.7')]
  const asking = await question(0)
  assert.deepEqual(asking.knock, at('192.0.2.7'))
  asking.answer('once')
  await settled(other)
  assert.deepEqual([one.state, other.state, asked.length], ['in', 'in', 1])
  assert.deepEqual(told, ['192.0.2.7 once person'])
  assert.equal(knock('192.0.2.7').state, 'waits')
  await question(1)
})

test('knock: an hour is an hour, for that address only', async () => {
  const { knock, question, settled, clock } = opened()
  const first = knock('192.0.2.7')
  ;(await question(0)).answer('hour')
  await settled(first)
  assert.equal(knock('192.0.2.8').state, 'waits')
  clock.advance(knockHourMs - 1)
  assert.equal(knock('192.0.2.7').state, 'in')
  clock.advance(1)
  assert.equal(knock('192.0.2.7').state, 'waits')
})

test('knock: always outlives the hour and is known to be kept', async () => {
  const { knock, question, settled, clock, known } = opened()
  const first = knock('192.0.2.7')
  ;(await question(0)).answer('always')
  await settled(first)
  clock.advance(24 * knockHourMs)
  assert.equal(knock('192.0.2.7').state, 'in')
  assert.ok(known.has(at('192.0.2.7')))
  assert.ok(!known.has({ ...at('192.0.2.7'), url: 'tcp://relay.test:2223' }))
})

test('knock: who was denied stays out for an hour, and nobody is asked again', async () => {
  const { knock, question, settled, clock, asked, told } = opened()
  const first = knock('192.0.2.7')
  ;(await question(0)).answer('deny')
  await settled(first)
  assert.match(first.state, /it was denied/)
  clock.advance(knockHourMs - 1)
  const again = knock('192.0.2.7')
  await settled(again)
  assert.match(again.state, /a short while ago/)
  assert.deepEqual([asked.length, told], [1, ['192.0.2.7 deny person']])
  clock.advance(1)
  assert.equal(knock('192.0.2.7').state, 'waits')
})

test('knock: without an answer in time it is denied, and may come again a minute later', async () => {
  const { knock, question, settled, clock, told } = opened()
  const visit = knock('192.0.2.7')
  const { signal, answer } = await question(0)
  clock.advance(knockTimeoutMs - 1)
  assert.deepEqual([visit.state, signal.aborted], ['waits', false])
  clock.advance(1)
  assert.deepEqual([signal.aborted, told], [true, ['192.0.2.7 deny timeout']])
  assert.match(visit.state, /nobody answered/)
  // Too late, and no answer to the next question.
  answer('always')
  const early = knock('192.0.2.7')
  await settled(early)
  clock.advance(unansweredKnockMs)
  assert.equal(knock('192.0.2.7').state, 'waits')
  await question(1)
  assert.equal(told.length, 1)
})

test('knock: half of a short channel timeout is left for the dial', async () => {
  const { knock, question, clock } = opened({ channelTimeoutMs: 10_000 })
  const visit = knock('192.0.2.7')
  await question(0)
  clock.advance(5_000)
  assert.match(visit.state, /nobody answered/)
})

test('knock: a question is withdrawn with the last visit that waits, and then asked anew', async () => {
  const { knock, question } = opened()
  const [one, other] = [knock('192.0.2.7'), knock('192.0.2.7')]
  const { signal, answer } = await question(0)
  one.cancel()
  assert.equal(signal.aborted, false)
  other.cancel()
  other.cancel()
  assert.equal(signal.aborted, true)
  const next = knock('192.0.2.7')
  answer('always')
  await question(1)
  assert.deepEqual([one.state, other.state, next.state], ['waits', 'waits', 'waits'])
})

test('knock: nobody to ask, an asker that fails and one that babbles let nobody in', async () => {
  for (const ask of [
    () => undefined,
    () => Promise.reject(new Error('no')),
    () => {
      throw new Error('no')
    },
    () => 'yes' as KnockAnswer,
  ]) {
    const { knock, settled, told } = opened({ ask })
    const visit = knock('192.0.2.7')
    await settled(visit)
    assert.match(visit.state, /nobody to ask/)
    assert.deepEqual(told, ['192.0.2.7 deny nobody'])
  }
})

test('knock: questions come at a bounded pace, and a crowd is one line', async () => {
  const { knock, question, settled, told, clock, asked } = opened()
  for (let one = 0; one < knockBurst; one++) knock(`192.0.2.${one}`)
  await question(knockBurst - 1)
  for (let one = 100; one < 110; one++) {
    const visit = knock(`192.0.2.${one}`)
    await settled(visit)
    assert.match(visit.state, /too many others/)
  }
  assert.deepEqual(told, ['192.0.2.100 deny limit'])
  clock.advance(knockEveryMs)
  assert.equal(knock('192.0.2.100').state, 'waits')
  const turnedAway = knock('192.0.2.101')
  await settled(turnedAway)
  await question(knockBurst)
  assert.equal(asked.length, knockBurst + 1)
  assert.equal(told.length, 2)
})

test('knock: so many addresses wait at once, and so many visits of each', async () => {
  const { knock, settled, clock } = opened({ channelTimeoutMs: 10_000_000, ask: () => never })
  for (let one = 0; one < knockBurst; one++) knock(`a${one}`)
  const visits = Array.from({ length: maxVisitsPerKnock - 1 }, () => knock('a0'))
  assert.ok(visits.every(({ state }) => state === 'waits'))
  const extra = knock('a0')
  await settled(extra)
  assert.match(extra.state, /too many others/)
  for (let one = knockBurst; one <= maxKnocks; one++) {
    clock.advance(knockEveryMs)
    const visit = knock(`a${one}`)
    if (one < maxKnocks) assert.equal(visit.state, 'waits')
    else await settled(visit)
  }
})

test('knock: with the desk closed whoever waits or comes is not let in, and questions end', async () => {
  const { knock, question, settled, desk, told } = opened()
  const waiting = knock('192.0.2.7')
  const { signal } = await question(0)
  desk.close()
  assert.deepEqual([signal.aborted, told], [true, []])
  assert.match(waiting.state, /the agent ends/)
  const late = knock('192.0.2.8')
  await settled(late)
  assert.match(late.state, /the agent ends/)
})

const never = new Promise<undefined>(() => {})
