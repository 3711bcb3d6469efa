import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import test from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { countBoot } from './boot-counter.ts'
import { StateDirectory } from './state-directory.ts'

test('boot counter: rises by one with every start', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  assert.deepEqual(
    [await countBoot(state), await countBoot(state), await countBoot(state)],
    [1, 2, 3],
  )
})

test('boot counter: a damaged or exhausted one is refused, not begun anew', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  for (const text of [
    '',
    '{}',
    '{"v":1,"boots":-1}',
    '{"v":1,"boots":1.5}',
    '{"v":1,"boots":2097151}',
  ]) {
    await writeFile(state.file('boot.json'), text)
    await assert.rejects(countBoot(state), { code: 'SP_STATE' }, text)
  }
})
