// What a run of the differential tests has to show: no desync, and that it looked at something.
import assert from 'node:assert/strict'
import type { DifferentialResult } from './differential.ts'
import type { ResponseResult } from './response-differential.ts'

export function assertAgreement(result: DifferentialResult): void {
  assert.deepEqual(result.desyncs, [])
  // Some of the damage is refused and much of it is not: both sides of the border were visited.
  assert.ok(result.refused > result.cases / 5, `${result.refused} cases were refused`)
  assert.ok(result.passed > result.cases, `${result.passed} requests were passed on`)
  for (const [name, { read, refused }] of Object.entries(result.readers)) {
    assert.ok(read >= result.passed, `${name} read ${read} requests of ${result.passed}`)
    assert.ok(refused < result.cases / 10, `${name} refused ${refused} streams`)
  }
}

export function assertResponseAgreement(result: ResponseResult): void {
  assert.deepEqual(result.desyncs, [])
  assert.ok(result.broken > result.cases / 5, `${result.broken} cases were broken off`)
  assert.ok(result.passed > result.cases, `${result.passed} answers were passed on`)
}
