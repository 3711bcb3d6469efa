import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import test from 'node:test'
import { maxDeployLogLines } from '@sallyport/protocol'
import { maxLogRingChars } from './limits.ts'
import { LogRing } from './log-ring.ts'
import { StateDirectory } from './state-directory.ts'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'

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

test('log ring: what a relay said before it was killed is there after its next start', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  const first = new LogRing(() => new Date(0))
  first.add('before there was a file\n')
  await first.keepIn(state)
  first.add('agent laptop left\n')
  // Nothing is closed or flushed: killed.
  using second = new LogRing(() => new Date(1_000))
  second.add('the start\n')
  await second.keepIn(state)
  second.add('listening\n')
  const at = (seconds: number) => new Date(seconds * 1_000).toISOString()
  assert.deepEqual(second.last(10), [
    `${at(0)} before there was a file\n`,
    `${at(0)} agent laptop left\n`,
    `${at(1)} the start\n`,
    `${at(1)} listening\n`,
  ])
  const path = state.file('log.txt')
  assert.equal(readFileSync(path, 'utf8'), second.last(10).join(''))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  first[Symbol.dispose]()
})

test('log ring: the file is bounded, and ends with the newest lines', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  using ring = new LogRing(() => new Date(0))
  await ring.keepIn(state)
  const line = `${'x'.repeat(1_000)}\n`
  for (let index = 0; index < 1_000; index++) {
    ring.add(line)
    const { size } = statSync(state.file('log.txt'))
    assert.ok(size <= 2 * maxLogRingChars + 2_000, `${size} bytes`)
  }
  ring.add('the newest\n')
  assert.match(readFileSync(state.file('log.txt'), 'utf8'), /the newest\n$/)
})

test('log ring: a file that cannot be used costs lines, not the relay', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  mkdirSync(directory.join('log.txt'))
  using ring = new LogRing(() => new Date(0))
  ring.add('one\n')
  await ring.keepIn(state)
  ring.add('two\n')
  assert.equal(ring.last(10).length, 2)
})
