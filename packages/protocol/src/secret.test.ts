import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'

import { Secret } from './secret.ts'

const canary = 'canary-7f3a'

test('a secret gives its text to reveal() alone', () => {
  const secret = new Secret(canary)
  assert.equal(secret.reveal(), canary)
  const texts = [
    String(secret),
    secret.toString(),
    `${secret}`,
    'token ' + (secret as unknown as string),
    JSON.stringify({ secret, list: [secret] }),
    inspect(secret),
    inspect({ secret }, { showHidden: true, depth: Infinity, showProxy: true }),
    format('%s %o %O %j', secret, secret, secret, secret),
    Object.entries(secret).join(),
    JSON.stringify(structuredClone({ ...secret })),
    new Error('failed', { cause: secret }).stack ?? '',
    inspect(new Error('failed', { cause: secret })),
    assertionText(secret),
  ]
  for (const text of texts) assert.ok(!text.includes(canary), text)
  assert.equal(inspect({ secret }), '{ secret: [redacted] }')
})

function assertionText(secret: Secret): string {
  try {
    assert.deepEqual({ secret }, { secret: 1 })
  } catch (error) {
    return String(error)
  }
  return assert.fail('these are not equal')
}
