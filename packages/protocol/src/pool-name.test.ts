import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parsePoolName } from './pool-name.ts'
import { refusal } from './refusal.test.support.ts'

test('a pool name is a short word', () => {
  for (const name of ['blue', '111', 'Blue-2_b', 'a'.repeat(63)]) {
    assert.equal(parsePoolName(name, 'x'), name)
  }
  for (const name of ['', '-a', '_a', 'a b', 'a,b', 'a:b', 'é', 'a'.repeat(64), 'a\n']) {
    const message = refusal('SP_USAGE', () => parsePoolName(name, '--pool'))
    assert.match(message, /^pool name \(--pool\): ".*" is not valid; needs 1 to 63 of /)
  }
})
