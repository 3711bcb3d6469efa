// `down` fails loudly while something that carries the stack's tag is left, names it, and keeps the state
// file for the next try.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { isSallyportError } from '@sallyport/protocol'
import { groupDeleteWaitSeconds } from '../../packages/provisioner/src/limits.ts'
import { down, up } from '../../packages/provisioner/src/stack.ts'
import { startFakeAws } from '../support/fake-aws/fake-aws.ts'
import { stackOptions } from '../support/stack-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('leftovers: what stays is named, and the next down goes on', async () => {
  // No lag: the one long pause between two looks, which ends the patience at once, is never slept.
  await using fake = await startFakeAws({ lag: 0 })
  await using directory = await temporaryDirectory()
  const stateFile = directory.join('server_info.json')
  const options = stackOptions({ ...fake.env, SERVER_INFO: stateFile })
  await up(options)
  const [group] = fake.world.groups
  // It is there, whatever deleting it says.
  fake.faults.push({ action: 'DeleteSecurityGroup', code: 'InvalidGroup.NotFound' })
  const settings = { ...options.settings, pollSeconds: groupDeleteWaitSeconds }
  await assert.rejects(down({ ...options, settings }), (error) => {
    assert.ok(isSallyportError(error))
    assert.equal(error.code, 'SP_LEFTOVERS')
    const told = `still there and tagged as ours: ${group?.id ?? ''}; run down again, or delete`
    assert.ok(error.message.startsWith(told), error.message)
    return true
  })
  assert.ok(existsSync(stateFile))
  fake.faults.length = 0
  await down(options)
  assert.ok(!existsSync(stateFile))
  assert.deepEqual(fake.world.remaining(), [])
})
