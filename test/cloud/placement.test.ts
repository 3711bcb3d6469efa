// What a stack is put on: the newest image of the type's architecture, a subnet that was named, IPv6
// where it has it, and the public DNS name where nobody set another.
import assert from 'node:assert/strict'
import test from 'node:test'
import { down, up } from '../../packages/provisioner/src/stack.ts'
import type { State } from '../../packages/provisioner/src/state-file.ts'
import { startFakeAws, type FakeAws } from '../support/fake-aws/fake-aws.ts'
import type { WorldOptions } from '../support/fake-aws/world.ts'
import { stackOptions } from '../support/stack-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** One stack, looked at while it stands. */
async function stand(
  settings: Readonly<Record<string, string>>,
  look: (fake: FakeAws, state: State) => void,
  { now = '2026-11-20', ...world }: Partial<WorldOptions> & { readonly now?: string } = {},
): Promise<void> {
  await using fake = await startFakeAws(world)
  await using directory = await temporaryDirectory()
  fake.world.zones.push({ id: 'Z1', name: 'example.com', isPrivate: false, records: [] })
  const env = { ...fake.env, SERVER_INFO: directory.join('server_info.json'), ...settings }
  const options = stackOptions(env, { now: () => new Date(now) })
  look(fake, await up(options))
  await down(options)
  assert.deepEqual(fake.world.remaining(), [])
}

const launched = ({ world: { instances } }: FakeAws) => {
  const [one] = instances
  return [one?.type, one?.imageId, one?.subnetId.slice(-1)]
}

test('placement: t4g.nano with the newest image for it; the name is EC2’s own', async () => {
  await stand({}, (fake, state) => {
    assert.deepEqual(launched(fake), ['t4g.nano', 'ami-0b202608010000001', 'a'])
    const [instance] = fake.world.instances
    assert.match(state.endpoint ?? '', /^ec2-127-.*\.us-west-2\.compute\.amazonaws\.com$/)
    assert.equal(state.address, instance?.ownAddress)
  })
})

test('placement: an image past its end is not taken', async () => {
  const fake = stand({}, () => assert.fail('it stands'), { now: '2028-02-01' })
  await assert.rejects(fake, { code: 'SP_AWS_IMAGE' })
})

test('placement: the type follows the architecture of IMAGE_ID', async () => {
  await stand({ IMAGE_ID: 'ami-0a202603010000000' }, (fake) => {
    assert.deepEqual(launched(fake), ['t3a.nano', 'ami-0a202603010000000', 'b'])
  })
})

test('placement: t2.nano works, where it is offered', async () => {
  await stand({ INSTANCE_TYPE: 't2.nano' }, (fake) => {
    assert.deepEqual(launched(fake), ['t2.nano', 'ami-0a202608010000001', 'a'])
  })
})

test('placement: a subnet that was named needs no default VPC', async () => {
  const settings = { SALLYPORT_SUBNET: 'subnet-0000000000000000b' }
  const look = (fake: FakeAws): void => {
    assert.deepEqual(launched(fake), ['t4g.nano', 'ami-0b202608010000001', 'b'])
    assert.equal(fake.world.instances[0]?.ipv6Address, undefined)
  }
  await stand(settings, look, { hasDefaultVpc: false })
})

test('placement: with IPv6 there are AAAA records too, for the name and all below', async () => {
  await stand({ HOSTED_ZONE: 'example.com', SUBDOMAIN: 'tunnel' }, (fake, state) => {
    assert.equal(state.endpoint, 'tunnel.example.com')
    const { records = [] } = fake.world.zones.find((one) => one.id === 'Z1') ?? {}
    assert.deepEqual(
      records.map(({ type, name, values }) => [type, name, type === 'TXT' ? '' : values[0]]),
      [
        ['A', 'tunnel.example.com.', fake.world.addresses[0]?.publicAddress],
        ['AAAA', 'tunnel.example.com.', '2001:db8::17'],
        ['A', '\\052.tunnel.example.com.', fake.world.addresses[0]?.publicAddress],
        ['AAAA', '\\052.tunnel.example.com.', '2001:db8::17'],
        ['TXT', '_sallyport.tunnel.example.com.', ''],
      ],
    )
  })
})
