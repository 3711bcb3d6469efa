import assert from 'node:assert/strict'
import { statSync, utimesSync } from 'node:fs'
import test from 'node:test'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { Heartbeat } from './heartbeat.ts'
import { heartbeatFileMs } from './limits.ts'
import { StateDirectory } from './state-directory.ts'

test('heartbeat: alive is always touched, active while somebody is there or was since', async () => {
  await using directory = await temporaryDirectory()
  const clock = new FakeClock()
  let isBusy = false
  const heartbeat = new Heartbeat({
    state: new StateDirectory(directory.path),
    clock,
    isBusy: () => isBusy,
    onFailure: assert.fail,
  })
  const touched = async (): Promise<string> => {
    await heartbeat.written
    const fresh = ['alive', 'active'].filter(
      (name) => statSync(directory.join(name)).mtimeMs > 1_000,
    )
    for (const name of ['alive', 'active']) utimesSync(directory.join(name), 1, 1)
    return fresh.join()
  }
  const beat = (): Promise<string> => {
    clock.advance(heartbeatFileMs)
    return touched()
  }
  assert.equal(await touched(), 'alive,active', 'the start')
  assert.equal(await beat(), 'alive')
  isBusy = true
  assert.equal(await beat(), 'alive,active')
  isBusy = false
  heartbeat.noteActivity()
  assert.equal(await beat(), 'alive,active', 'a visit between two beats')
  assert.equal(await beat(), 'alive')
  await heartbeat[Symbol.asyncDispose]()
  assert.equal(clock.pendingTimers, 0)
})

test('heartbeat: a directory that cannot be written is told once', async () => {
  const clock = new FakeClock()
  const failures: string[] = []
  await using heartbeat = new Heartbeat({
    state: new StateDirectory('/nowhere'),
    clock,
    isBusy: () => true,
    onFailure: (message) => failures.push(message),
  })
  await heartbeat.written
  clock.advance(3 * heartbeatFileMs)
  await heartbeat.written
  assert.equal(failures.length, 1)
  assert.match(failures[0] ?? '', /not written: ENOENT/)
})
