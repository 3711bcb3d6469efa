// The large counts of test/e2e/pools.test.ts.
import { test } from 'node:test'
import { checkKilledMember, checkRollingRestarts } from '../support/pool-checks.ts'

test('pool: 1,000 requests while a member is killed: none fails after detection, none is cut', async () => {
  await checkKilledMember(1_000)
})

test('pool: 20 rolling restarts lose none of 10,000 requests', async () => {
  await checkRollingRestarts({ restarts: 20, requests: 10_000 })
})
