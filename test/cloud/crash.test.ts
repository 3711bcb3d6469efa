// A few of the crashes that test/faults/cloud-crash.test.ts enumerates: the requests that make
// something, where the answer is lost.
import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import { assertDownLeavesNothing, assertOneStack, killAtAction } from '../support/cloud-crash.ts'
import { startCloudWorld } from '../support/cloud-world.ts'

describe('crash', { concurrency: 3 }, () => {
  for (const action of ['CreateSecurityGroup', 'AllocateAddress', 'RunInstances'] as const) {
    test(`crash: up killed after ${action}, before the answer: up converges, down leaves nothing`, async () => {
      await using world = await startCloudWorld({ hasDomain: true })
      await killAtAction(world, ['up'], action)
      await world.finish(['up'])
      assertOneStack(world, true)
      await assertDownLeavesNothing(world)
    })
  }
})

test('crash: a launch that no look shows is repeated with its own token', async () => {
  await using world = await startCloudWorld()
  await killAtAction(world, ['up'], 'RunInstances')
  // Unseen for longer than we look: only the token is left to tell that it happened.
  for (const one of world.fake.world.instances) one.hidden = 12
  await world.finish(['up'])
  assertOneStack(world, false)
  const launches = world.fake.calls.filter((call) => call.action === 'RunInstances')
  assert.equal(launches.length, 2)
  assert.equal(new Set(launches.map((call) => call.params['ClientToken'])).size, 1)
})
