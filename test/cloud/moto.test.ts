// The same scripted run against moto and against our fake: where moto is faithful, both must end in
// the same account. (moto has no ClientToken, no DependencyViolation, no lag: those are ours alone.)
import assert from 'node:assert/strict'
import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
} from '@aws-sdk/client-ec2'
import {
  CreateHostedZoneCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
} from '@aws-sdk/client-route-53'
import test from 'node:test'
import { createClients } from '../../packages/provisioner/src/aws-clients.ts'
import { toOpenings } from '../../packages/provisioner/src/firewall.ts'
import { down, plan, up, type StackOptions } from '../../packages/provisioner/src/stack.ts'
import { startFakeAws } from '../support/fake-aws/fake-aws.ts'
import { startMoto } from '../support/moto.ts'
import { requires } from '../support/requires.ts'
import { stackOptions } from '../support/stack-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Up, up again with another port, and down: what the account holds after each. */
async function journey(env: Readonly<Record<string, string>>): Promise<unknown[]> {
  await using directory = await temporaryDirectory()
  const options = (more: Readonly<Record<string, string>>): StackOptions =>
    stackOptions(
      {
        ...env,
        SERVER_INFO: directory.join('server_info.json'),
        HOSTED_ZONE: 'example.com',
        SUBDOMAIN: 'tunnel',
        INSTANCE_TYPE: 't3.nano',
        ...more,
      },
      { signal: AbortSignal.timeout(50_000), now: () => new Date('2026-11-20') },
    )
  const seen: unknown[] = []
  await plan(options({}))
  seen.push(await account(env))
  await up(options({}))
  seen.push(await account(env))
  await up(options({ SALLYPORT_TCP_PORTS: '2222' }))
  seen.push(await account(env))
  await down(options({}))
  seen.push(await account(env))
  return seen
}

/** What AWS's own SDK sees, without what is random. */
async function account(env: Readonly<Record<string, string>>): Promise<unknown> {
  const credentials = async () => ({
    accessKeyId: env['AWS_ACCESS_KEY'] ?? '',
    secretAccessKey: env['AWS_SECRET_KEY'] ?? '',
  })
  const { ec2, route53 } = createClients({ region: 'us-west-2', credentials, env })
  const settle = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    // The fake's views lag by looks: the last of several is the settled one.
    for (let look = 0; look < 4; look++) await ask()
    return ask()
  }
  const groups = await settle(() =>
    ec2.send(new DescribeSecurityGroupsCommand({ MaxResults: 100 })),
  )
  const instances = await settle(() => ec2.send(new DescribeInstancesCommand({})))
  const addresses = await settle(() => ec2.send(new DescribeAddressesCommand({})))
  const zones = await route53.send(new ListHostedZonesCommand({}))
  const zone = zones.HostedZones?.find((one) => one.Name === 'example.com.')
  const records = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone?.Id }))
  return {
    groups: (groups.SecurityGroups ?? [])
      .filter((one) => one.GroupName !== 'default')
      .map((one) => ({
        name: one.GroupName,
        openings: toOpenings(one.IpPermissions),
        tags: tagNames(one.Tags),
      })),
    // Not the groups of an instance: moto forgets those that come with a network interface.
    instances: (instances.Reservations ?? [])
      .flatMap((one) => one.Instances ?? [])
      .filter((one) => one.State?.Name !== 'terminated')
      .map((one) => ({
        type: one.InstanceType,
        image: one.ImageId,
        state: one.State?.Name,
        hasAddress: one.PublicIpAddress === addresses.Addresses?.[0]?.PublicIp,
        tags: tagNames(one.Tags),
      })),
    addresses: (addresses.Addresses ?? []).map((one) => ({
      isUsed: one.InstanceId !== undefined && one.InstanceId !== '',
      tags: tagNames(one.Tags),
    })),
    records: (records.ResourceRecordSets ?? [])
      .filter((one) => one.Type !== 'NS' && one.Type !== 'SOA')
      // Route 53 writes the asterisk as \052 (developer guide, "DNS domain name format"); moto does not.
      .map((one) => `${one.Type} ${one.Name?.replace('\\052', '*')} ${one.TTL}`)
      .toSorted(),
  }
}

function tagNames(tags: readonly { readonly Key?: string | undefined }[] | undefined) {
  return (tags ?? []).map((one) => one.Key ?? '').toSorted()
}

test('moto: the same run ends in the same account as with the fake', requires('moto'), async () => {
  await using fake = await startFakeAws()
  const newest = fake.world.images.filter((one) => one.name.endsWith('20260801'))
  fake.world.images = newest
  await using moto = await startMoto(newest)
  const credentials = async () => ({ accessKeyId: 'AKIAFAKE', secretAccessKey: 'fake' })
  const { route53 } = createClients({ region: 'us-west-2', credentials, env: moto.env })
  await route53.send(new CreateHostedZoneCommand({ Name: 'example.com', CallerReference: '1' }))
  fake.world.zones.push({ id: 'Z1', name: 'example.com', isPrivate: false, records: [] })
  // The subnets of moto's default VPC have no IPv6.
  for (const subnet of fake.world.subnets) Object.assign(subnet, { hasIpv6: false })
  // Both offer the type in a first zone; which one is the region's own business.
  const ofMoto = await journey(moto.env)
  const ofFake = await journey(fake.env)
  assert.deepEqual(ofMoto, ofFake)
  assert.deepEqual(ofMoto.at(-1), { groups: [], instances: [], addresses: [], records: [] })
})
