// The large count of test/e2e/replacements.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkReplacements } from '../support/replacement-checks.ts'

test('replacements: 1,000 cost the relay at most 5 MiB of heap and 4 descriptors', async () => {
  const { heapBytes, descriptors } = await checkReplacements(1_000, 500)
  assert.ok(descriptors <= 4, `${descriptors} descriptors more`)
  assert.ok(heapBytes <= 5 * 1024 * 1024, `${(heapBytes / 1024 / 1024).toFixed(1)} MiB more`)
})
