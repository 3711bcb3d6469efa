// 100,000 hostile frames; test/faults/mux-hostile.test.ts sends a hundred times as many.
import assert from 'node:assert/strict'
import test from 'node:test'
import { fuzzSessions } from '../support/mux-fuzz.ts'

for (const seed of [1, Date.now() % 1_000_000]) {
  test(`mux: 50,000 hostile frames crash, leak and stall nothing (seed ${seed})`, async () => {
    const report = await fuzzSessions(50_000, seed)
    assert.ok(report.longestMs < 100, `a chunk took ${report.longestMs} ms`)
    assert.ok(report.growthMiB < 64, `${report.growthMiB} MiB more than before`)
    assert.ok(report.streams > 500, 'the frames got into the sessions')
  })
}
