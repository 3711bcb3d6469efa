import assert from 'node:assert/strict'
import test from 'node:test'
import { fuzzSessions } from '../support/mux-fuzz.ts'

test('mux: 10,000,000 hostile frames crash, leak and stall nothing', async (context) => {
  const seed = Date.now() % 1_000_000
  const report = await fuzzSessions(10_000_000, seed)
  const { frames, sessions, streams, longestMs, growthMiB, endings } = report
  context.diagnostic(
    `seed ${seed}: ${frames} frames, ${sessions} sessions, ${streams} streams, ` +
      `longest chunk ${longestMs.toFixed(1)} ms, growth ${growthMiB.toFixed(1)} MiB`,
  )
  for (const [ending, count] of endings) context.diagnostic(`${count} x ${ending}`)
  assert.ok(longestMs < 100, `a chunk took ${longestMs} ms`)
  assert.ok(growthMiB < 64, `${growthMiB} MiB more than before`)
})
