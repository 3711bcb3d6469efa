// SIGKILL inside the claim: at every chunk that the provisioner and its fresh instance exchange, from
// the first answer to its ClientHello to the answer of the relay. The next `up` takes the same instance over.
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  assertDownLeavesNothing,
  assertOneStack,
  chunkOfCommit,
  interruptAtChunk,
  killAtChunk,
} from '../support/cloud-crash.ts'
import { startCloudWorld } from '../support/cloud-world.ts'

async function lookAtOne(): Promise<number> {
  await using world = await startCloudWorld()
  return await chunkOfCommit(world)
}

const commit = await lookAtOne()
/** The answer to the commit, and dials until the relay has the port; how many differs. */
const afterwards = 8
const chunks = commit + afterwards

test('claim: hellos, proof, delivery and commit were seen', () => {
  assert.ok(commit >= 6, `committed at chunk ${commit}`)
})

for (let n = 1; n <= chunks; n += 1) {
  test(`claim killed at chunk ${n} of ${chunks}: up converges on the one instance`, async () => {
    await using world = await startCloudWorld()
    await killAtChunk(world, n)
    const [first] = world.fake.world.instances
    await world.finish(['up'])
    assertOneStack(world, false)
    assert.equal(world.live()[0]?.id, first?.id)
    await assertDownLeavesNothing(world)
  })

  test(`claim interrupted at chunk ${n} of ${chunks}: one line, and up goes on`, async () => {
    await using world = await startCloudWorld()
    await interruptAtChunk(world, n)
    await world.finish(['up'])
    assertOneStack(world, false)
    await assertDownLeavesNothing(world)
  })
}
