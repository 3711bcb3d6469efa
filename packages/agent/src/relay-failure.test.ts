import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SallyportError, closeCodeOf, errorTable } from '@sallyport/protocol'
import { dialFailure, sessionEnd, statedEnd, upgradeRefusal } from './relay-failure.ts'

const coded = (code: string): Error => Object.assign(new Error(`raw ${code}`), { code })

test('relay failure: errors of the network are worth another try, whatever they are', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EWHATEVER']) {
    const error = dialFailure('relay.test:443', coded(code))
    assert.deepEqual([error.code, error.retry], ['SP_UNREACHABLE', true])
    assert.match(error.message, new RegExp(`^relay relay\\.test:443: .+ \\(${code}\\)$`))
  }
  assert.equal(dialFailure('r:1', new Error('odd')).message, 'relay r:1: odd')
})

test('relay failure: a certificate that does not prove the name is no relay of ours', () => {
  for (const code of ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    assert.equal(dialFailure('r:1', coded(code)).code, 'SP_PIN_MISMATCH')
  }
})

test('relay failure: of all statuses only 401 and 403 are refusals', () => {
  const refusals = [401, 403]
  for (let status = 200; status < 600; status++) {
    assert.equal(upgradeRefusal('r:1', status).retry, !refusals.includes(status), String(status))
  }
})

test('relay failure: a close code means its error, an unknown one a lost session', () => {
  const asSeen = new SallyportError('SP_DEAD_PEER', 'silent')
  assert.equal(sessionEnd(asSeen, undefined), asSeen)
  assert.equal(sessionEnd(asSeen, closeCodeOf('SP_REPLACED')).code, 'SP_REPLACED')
  assert.equal(sessionEnd(asSeen, closeCodeOf('SP_DRAINING')).code, 'SP_DRAINING')
  for (const code of [1000, 1001, 4000, 4999]) {
    assert.equal(sessionEnd(asSeen, code).code, 'SP_SESSION_LOST')
  }
})

test('relay failure: a relay can end the agent by a refusal only', () => {
  const ending = Object.keys(errorTable).filter(
    (code) => !statedEnd(code as keyof typeof errorTable, 'x').retry,
  )
  assert.deepEqual(ending, [
    'SP_KEY_REFUSED',
    'SP_NOT_PERMITTED',
    'SP_ROUTE_HELD',
    'SP_PORT_TAKEN',
    'SP_REPLACED',
    'SP_VERSION',
  ])
})
