import assert from 'node:assert/strict'
import { test } from 'node:test'

import { closeCodeOf, errorCodeOfClose } from './close-code.ts'
import { type ErrorCode, errorTable } from './errors.ts'

test('each close code is fixed, and comes back as its error', () => {
  const codes: [ErrorCode, number][] = [
    ['SP_SESSION_LOST', 4000],
    ['SP_REPLACED', 4001],
    ['SP_DRAINING', 4002],
    ['SP_NOT_PERMITTED', 4003],
    ['SP_ROUTE_HELD', 4004],
    ['SP_PORT_TAKEN', 4005],
    ['SP_PROTOCOL', 4006],
    ['SP_VERSION', 4007],
    ['SP_DEAD_PEER', 4008],
    ['SP_INTERNAL', 4009],
    ['SP_KEY_REFUSED', 4010],
  ]
  for (const [error, close] of codes) {
    assert.equal(closeCodeOf(error), close)
    assert.equal(errorCodeOfClose(close), error)
  }
  const others = Object.keys(errorTable).filter((code) => !codes.some(([known]) => known === code))
  assert.ok(others.length > 5)
  for (const code of others) assert.equal(closeCodeOf(code as ErrorCode), 4000, code)
})

test('a close that is not ours is a lost session, but for what ws sends about bad frames', () => {
  for (const code of [0, 1000, 1001, 1005, 1006, 1011, 3000, 4011, 4999, 65_535, NaN]) {
    assert.equal(errorCodeOfClose(code), 'SP_SESSION_LOST')
  }
  for (const code of [1002, 1003, 1007, 1009]) assert.equal(errorCodeOfClose(code), 'SP_PROTOCOL')
})
