// What session replacements may cost the relay: small counts in test/e2e, large ones in test/faults.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseJoinString } from '@sallyport/protocol'
import { type BareAgent, connectBareAgent, echoStream } from './bare-agent.ts'
import { deadline } from './deadline.ts'
import { ask } from './neighbourhood.ts'
import type { Program } from './run-program.ts'
import { startTestRelay } from './tunnel.ts'
import { visit } from './visitor.ts'

interface Cost {
  readonly heapBytes: number
  /** Resident memory of the process. */
  readonly rssBytes: number
  readonly descriptors: number
}

/** What the relay has once its garbage is gone; `nth` counts the calls from 1. */
async function costOf(relay: Program, nth: number): Promise<Cost> {
  relay.signal('SIGUSR2')
  const { heapUsed, rss } = await relay.event(`collected-${nth}`)
  const descriptors = readdirSync(`/proc/${relay.pid}/fd`).length
  return { heapBytes: Number(heapUsed), rssBytes: Number(rss), descriptors }
}

/**
 * Replaces the session of one key again and again, each time by a new process, with a visit each; tells
 * what `count` of them cost after the first `warmUps`, in which heap and pools get their size. Resident
 * memory is the last to settle, after some 1,500: while code gets warm V8's compiler threads need 50 MiB
 * for moments, and malloc keeps them (with --no-maglev it is 14 from the start, and little grows).
 */
export async function checkReplacements(count: number, warmUps: number): Promise<Cost> {
  const preload = join(import.meta.dirname, 'collect-on-signal.mjs')
  await using relay = await startTestRelay({ nodeFlags: ['--expose-gc', '--import', preload] })
  const { key } = parseJoinString(relay.join, 'join')
  let port = 0
  let fencedVisits = 0
  let current: BareAgent | undefined
  const replace = async (): Promise<void> => {
    const before = current
    let isFenced = false
    const agent = await connectBareAgent({
      port: relay.port,
      key,
      onStream: (stream) => {
        if (isFenced) fencedVisits += 1
        echoStream(stream)
      },
    })
    const [route] = await agent.register([`tcp://:${port}`])
    port = Number(new URL(route?.url ?? '').port)
    current = agent
    if (before) {
      // From the moment in which the new one is registered nothing goes to the old one.
      fence()
      const { closeCode } = await deadline(before.closed, 5_000, 'close of the replaced session')
      assert.equal(closeCode, 4001)
      await before[Symbol.asyncDispose]()
    }
    fence = () => {
      isFenced = true
    }
    await using visitor = await visit(port)
    assert.equal(await ask(visitor, 'who serves?'), 'who serves?')
  }
  let fence = (): void => {}
  for (let warmUp = 0; warmUp < warmUps; warmUp++) await replace()
  const before = await costOf(relay.program, 1)
  for (let replacement = 0; replacement < count; replacement++) await replace()
  const after = await costOf(relay.program, 2)
  assert.equal(fencedVisits, 0)
  await current?.[Symbol.asyncDispose]()
  return {
    heapBytes: after.heapBytes - before.heapBytes,
    rssBytes: after.rssBytes - before.rssBytes,
    descriptors: after.descriptors - before.descriptors,
  }
}
