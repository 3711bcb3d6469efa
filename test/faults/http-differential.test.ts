// The same as in test/properties, a hundred times as often, from other seeds each day.
import test from 'node:test'
import {
  assertAgreement,
  assertResponseAgreement,
} from '../support/http-differential/assert-agreement.ts'
import { runDifferential } from '../support/http-differential/differential.ts'
import { startGoReader, startH11Reader } from '../support/http-differential/process-reader.ts'
import { runResponseDifferential } from '../support/http-differential/response-differential.ts'
import { startReaders } from '../support/http-differential/start-readers.ts'
import { requires } from '../support/requires.ts'

const cases = 100_000
const firstSeed = 1_000_000 + Math.floor(Date.now() / 86_400_000) * cases

test(
  'http edge: llhttp, net/http, h11 and nginx read 100,000 hostile requests as it does',
  requires('go', 'nginx', 'h11'),
  async (t) => {
    await using readers = await startReaders()
    const result = await runDifferential(readers.all, cases, firstSeed)
    t.diagnostic(JSON.stringify({ ...result, desyncs: result.desyncs.length }))
    assertAgreement(result)
  },
)

test(
  'http edge: net/http and h11 read 100,000 hostile answers as it does',
  requires('go', 'h11'),
  async (t) => {
    await using go = await startGoReader('responses')
    await using h11 = startH11Reader('responses')
    const result = await runResponseDifferential([go, h11], cases, firstSeed)
    t.diagnostic(JSON.stringify({ ...result, desyncs: result.desyncs.length }))
    assertResponseAgreement(result)
  },
)
