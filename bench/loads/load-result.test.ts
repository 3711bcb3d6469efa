import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLoadResult } from './load-result.ts'

test('parseLoadResult: takes what a load prints', () => {
  const printed = { samplesMs: [0.1, 2], failed: 1, reasons: ['refused'] }
  assert.deepEqual(parseLoadResult(`${JSON.stringify(printed)}\n`), printed)
})

test('parseLoadResult: anything else is an error', () => {
  for (const text of ['{}', '{"samplesMs":[null],"failed":0,"reasons":[]}', '3', 'null']) {
    assert.throws(() => parseLoadResult(text), /not the result of a load/)
  }
})
