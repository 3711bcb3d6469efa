// What the HTTP edge passes on, either way, is read by every other parser as it has read it.
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

test(
  'http edge: llhttp, net/http, h11 and nginx read 1,000 hostile requests as it does',
  requires('go', 'nginx', 'h11'),
  async () => {
    await using readers = await startReaders()
    assertAgreement(await runDifferential(readers.all, 1_000, 1))
  },
)

test(
  'http edge: net/http and h11 read 1,000 hostile answers as it does',
  requires('go', 'h11'),
  async () => {
    await using go = await startGoReader('responses')
    await using h11 = startH11Reader('responses')
    assertResponseAgreement(await runResponseDifferential([go, h11], 1_000, 1))
  },
)
