import assert from 'node:assert/strict'
import test from 'node:test'
import { deadline } from '../../../test/support/deadline.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { startBundleTrial } from './bundle-trial.ts'
import { confirmBundle } from './bundles.ts'
import { confirmBundleMs } from './limits.ts'
import { StateDirectory } from './state-directory.ts'

const trial = { version: 3, signature: 'x', file: 'bundle-a.mjs', started: true }
const onTrial = { v: 1, highest: 3, running: { version: 3, sha256: 'ab' }, trial }

async function begin(bundles: object) {
  const directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  await state.write('bundles.json', JSON.stringify(bundles))
  const clock = new FakeClock()
  const { promise: restarted, resolve: restart } = Promise.withResolvers<void>()
  const notes: string[] = []
  const log = { note: (_level: string, text: string) => void notes.push(text) }
  const watch = await startBundleTrial({ state, clock, log, restart })
  return { directory, state, clock, notes, restarted, watch }
}

test('bundle trial: unconfirmed when its time is over, the relay starts again', async () => {
  const { directory, clock, notes, restarted } = await begin(onTrial)
  await using _ = directory
  clock.advance(confirmBundleMs - 1)
  assert.equal(clock.pendingTimers, 1)
  clock.advance(1)
  await deadline(restarted, 5_000, 'new start')
  assert.match(notes.join('\n'), /bundle 3 is on trial\nbundle 3 was not confirmed in time/)
})

test('bundle trial: a confirmed one, and one that is none, are left alone', async () => {
  const { directory, state, clock, notes } = await begin(onTrial)
  await using _ = directory
  await confirmBundle(state, 3)
  clock.advance(confirmBundleMs)
  const { trial: _trial, ...settled } = onTrial
  const other = await begin(settled)
  await using __ = other.directory
  assert.equal(other.watch, undefined)
  assert.equal(other.clock.pendingTimers, 0)
  // The look at the file after the time was over has found the confirmation by now.
  await state.read('bundles.json')
  assert.equal(notes.length, 1)
})
