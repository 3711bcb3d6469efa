// The large count of test/e2e/replacements.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkReplacements } from '../support/replacement-checks.ts'

const MiB = 1024 * 1024

test('replacements: 1,000 cost the relay at most 5 MiB, of heap and of all, and 4 descriptors', async (context) => {
  const { heapBytes, rssBytes, descriptors } = await checkReplacements(1_000, 3_000)
  const shown = `${(heapBytes / MiB).toFixed(1)} MiB of heap, ${(rssBytes / MiB).toFixed(1)} in all`
  context.diagnostic(`${shown}, ${descriptors} descriptors more`)
  assert.ok(descriptors <= 4, `${descriptors} descriptors more`)
  assert.ok(heapBytes <= 5 * MiB && rssBytes <= 5 * MiB, `${shown} more`)
})
