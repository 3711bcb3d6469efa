// SIGKILL after every single AWS request of up and of down: the next run converges to one stack, and
// down leaves nothing. Ctrl-C at each of them ends with one line, and down goes on from there. A few of
// these cases run in `npm test` too (test/cloud/crash.test.ts).
import test from 'node:test'
import {
  assertDownLeavesNothing,
  assertOneStack,
  countCalls,
  interruptAtCall,
  killAtCall,
} from '../support/cloud-crash.ts'
import { startCloudWorld } from '../support/cloud-world.ts'

const hasDomain = true

async function callsOf(): Promise<{ up: string[]; down: string[] }> {
  await using world = await startCloudWorld({ hasDomain })
  return { up: await countCalls(world, ['up']), down: await countCalls(world, ['down']) }
}

const calls = await callsOf()

for (const [index, action] of calls.up.entries()) {
  test(`up killed at request ${index + 1} (${action}): up converges, down leaves nothing`, async () => {
    await using world = await startCloudWorld({ hasDomain })
    await killAtCall(world, ['up'], index + 1)
    await world.finish(['up'])
    assertOneStack(world, hasDomain)
    await assertDownLeavesNothing(world)
  })

  test(`up killed at request ${index + 1} (${action}): down alone leaves nothing`, async () => {
    await using world = await startCloudWorld({ hasDomain })
    await killAtCall(world, ['up'], index + 1)
    await assertDownLeavesNothing(world)
  })

  test(`up interrupted at request ${index + 1} (${action}): one line, then down leaves nothing`, async () => {
    await using world = await startCloudWorld({ hasDomain })
    await interruptAtCall(world, ['up'], index + 1)
    await assertDownLeavesNothing(world)
  })
}

for (const [index, action] of calls.down.entries()) {
  test(`down killed at request ${index + 1} (${action}): down again leaves nothing`, async () => {
    await using world = await startCloudWorld({ hasDomain })
    await world.finish(['up'])
    await killAtCall(world, ['down'], index + 1)
    await assertDownLeavesNothing(world)
  })

  test(`down interrupted at request ${index + 1} (${action}): down again leaves nothing`, async () => {
    await using world = await startCloudWorld({ hasDomain })
    await world.finish(['up'])
    await interruptAtCall(world, ['down'], index + 1)
    await assertDownLeavesNothing(world)
  })
}
