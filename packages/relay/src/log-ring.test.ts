import assert from 'node:assert/strict'
import test from 'node:test'
import { maxDeployLogLines } from '@sallyport/protocol'
import { maxLogRingChars } from './limits.ts'
import { LogRing } from './log-ring.ts'

test('log ring: keeps the newest lines, by number and by size', () => {
  const ring = new LogRing(() => new Date(0))
  for (let index = 0; index < maxDeployLogLines + 10; index++) ring.add(`${index}\n`)
  const all = ring.last(maxDeployLogLines + 10)
  assert.equal(all.length, maxDeployLogLines)
  assert.match(all[0] ?? '', / 10\n$/)
  for (let index = 0; index < 100; index++) ring.add(`${'x'.repeat(10_000)}\n`)
  const kept = ring.last(maxDeployLogLines)
  assert.ok(kept.join('').length <= maxLogRingChars)
  assert.ok(kept.length > 20)
})
