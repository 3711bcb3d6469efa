// A name whose DNS is kept elsewhere: up says what to set and waits until it leads to the instance.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { ProvisionerEvent } from '../../packages/provisioner/src/reporter.ts'
import { down, up } from '../../packages/provisioner/src/stack.ts'
import { startFakeAws } from '../support/fake-aws/fake-aws.ts'
import { stackOptions } from '../support/stack-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('host name: the record to set is told once the address is known, then waited for', async () => {
  await using fake = await startFakeAws()
  await using directory = await temporaryDirectory()
  const env = {
    ...fake.env,
    SERVER_INFO: directory.join('server_info.json'),
    SALLYPORT_HOST: 'Tunnel.Example.org.',
  }
  const events: ProvisionerEvent[] = []
  const asked: string[] = []
  const options = stackOptions(env, {
    report: (event) => events.push(event),
    // Nothing, then the address of before, then the new one.
    async resolve(name) {
      asked.push(name)
      const [address] = fake.world.addresses
      return (
        [[], ['192.0.2.9'], ['192.0.2.9', address?.publicAddress ?? '']][asked.length - 1] ?? []
      )
    },
  })
  const state = await up(options)
  const [address] = fake.world.addresses
  assert.deepEqual(
    events.filter((one) => one.event === 'record-to-set'),
    [{ event: 'record-to-set', name: 'tunnel.example.org', address: address?.publicAddress }],
  )
  assert.deepEqual(
    asked,
    Array.from({ length: 3 }, () => 'tunnel.example.org'),
  )
  assert.equal(state.endpoint, 'tunnel.example.org')
  assert.equal(
    fake.calls.some((call) => call.action === 'ListHostedZones'),
    false,
  )
  await down(options)
  assert.deepEqual(fake.world.remaining(), [])
})
