// What a pool must hold, with small counts in test/e2e and large ones in test/faults.
import assert from 'node:assert/strict'
import { deadline } from './deadline.ts'
import { answerOf, startNamedOrigin, startPoolRig } from './pool-rig.ts'
import { type LoadOutcome, load } from './rolling-load.ts'

const answers: ReadonlySet<string> = new Set([answerOf('a'), answerOf('b')])

/** A clean end with anything but the whole answer is the one thing that must never be. */
function assertNoneTruncated(outcomes: readonly LoadOutcome[]): void {
  const truncated = outcomes.filter(({ endedBy, body }) => endedBy === 'end' && !answers.has(body))
  assert.equal(truncated.length, 0, `clean but truncated: ${truncated[0]?.body.length} bytes`)
}

/** Two agents; one is SIGKILLed in the middle of the load. */
export async function checkKilledMember(count: number): Promise<void> {
  await using rig = await startPoolRig()
  await using a = await startNamedOrigin('a', 2)
  await using b = await startNamedOrigin('b', 2)
  await using one = await rig.start(rig.relay.join, a)
  await using _two = await rig.start(await rig.addKey('second'), b)
  const half = Promise.withResolvers<void>()
  const loading = load(rig.port, {
    goesOn: (started, over) => {
      if (over >= count / 2) half.resolve()
      return started < count
    },
  })
  await deadline(half.promise, 60_000, 'first half of the load')
  one.program.signal('SIGKILL')
  await rig.relay.program.event('agent-left')
  const detectedMs = performance.now()
  const outcomes = await loading
  assert.equal(outcomes.length, count)
  assertNoneTruncated(outcomes)
  const failed = outcomes.filter(({ endedBy }) => endedBy !== 'end')
  const after = failed.filter(({ startedMs }) => startedMs > detectedMs)
  assert.equal(after.length, 0, `${after.length} of ${failed.length} failed after detection`)
  assert.ok(
    outcomes.some(({ startedMs }) => startedMs > detectedMs),
    'the kill came too late',
  )
}

/**
 * Agents of one pool, restarted one after the other with SIGTERM while requests go on. Visitors of a lone
 * one wait until it is back.
 */
export async function checkRollingRestarts(options: {
  readonly agents?: 1 | 2
  readonly restarts: number
  readonly requests: number
}): Promise<void> {
  await using rig = await startPoolRig()
  await using a = await startNamedOrigin('a', 2)
  await using b = await startNamedOrigin('b', 2)
  const origins = [a, b]
  const joins = [rig.relay.join, await rig.addKey('second')]
  const start = (index: number) => rig.start(joins[index] ?? '', origins[index] ?? a)
  const agents = [await start(0)]
  if (options.agents !== 1) agents.push(await start(1))
  let state: 'restarting' | 'restarted' | 'failed' = 'restarting'
  const loading = load(rig.port, {
    goesOn: (started) =>
      state === 'restarting' || (state === 'restarted' && started < options.requests),
  })
  try {
    for (let restart = 0; restart < options.restarts; restart++) {
      const index = restart % agents.length
      agents[index]?.program.signal('SIGTERM')
      await agents[index]?.program.expectExit(0, 35_000)
      agents[index] = await start(index)
    }
  } catch (error) {
    // The load would go on for ever.
    state = 'failed'
    throw error
  }
  state = 'restarted'
  const outcomes = await loading
  for (const agent of agents) await agent[Symbol.asyncDispose]()
  assertNoneTruncated(outcomes)
  const lost = outcomes.filter(({ endedBy }) => endedBy !== 'end')
  assert.ok(outcomes.length >= options.requests)
  assert.equal(lost.length, 0, `${lost.length} of ${outcomes.length} lost: ${lost[0]?.endedBy}`)
}
