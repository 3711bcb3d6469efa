// What tests demand of a refusal: one of our errors, with this code, as one printable line.
import assert from 'node:assert/strict'

import { type ErrorCode, SallyportError } from './errors.ts'

/** Runs what must throw, and gives the message. */
export function refusal(code: ErrorCode, run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof SallyportError, `threw ${String(error)}`)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, 'one printable line')
    return error.message
  }
  assert.fail('did not refuse')
}
