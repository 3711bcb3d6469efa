import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { engineFlags } from './engine-flags.ts'

const run = promisify(execFile)

test('this Node knows every flag: setFlagsFromString would only complain on stderr', async () => {
  const { stdout, stderr } = await run(process.execPath, [...engineFlags, '-p', '"it runs"'])
  assert.deepEqual([stdout, stderr], ['it runs\n', ''])
})

test('a flag that it does not know is noticed', async () => {
  await assert.rejects(run(process.execPath, ['--invocation-count-for-nothing=1', '-p', '1']), {
    code: 9,
  })
})
