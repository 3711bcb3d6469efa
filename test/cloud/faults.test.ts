// Everything that goes wrong between a person and AWS: one clear line with the next step, the right
// exit code, no key in it, and a state from which up goes on and down leaves nothing.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import test, { describe } from 'node:test'
import { ExitCode } from '@sallyport/protocol'
import type { CloudWorld, CloudWorldOptions } from '../support/cloud-world.ts'
import { relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { makeCertificate } from '../support/certificate.ts'

interface Case {
  readonly what: string
  readonly options?: CloudWorldOptions
  readonly env?: Readonly<Record<string, string>>
  readonly prepare?: (world: CloudWorld) => void
  readonly args?: readonly string[]
  readonly exit: number
  readonly says: RegExp
  /** What up does once the fault is gone; absent = it is no passing fault. */
  readonly recovers?: boolean
  /** AWS hears nothing of it. */
  readonly asksNothing?: boolean
}

const fault = (action: string, code: string, times?: number) => (world: CloudWorld) => {
  world.fake.faults.push({ action, code, ...(times === undefined ? {} : { times }) })
}

const cases: readonly Case[] = [
  {
    what: 'an unknown access key',
    env: { AWS_ACCESS_KEY: 'AKIAWRONG' },
    exit: ExitCode.configuration,
    says: /\(AuthFailure\); check the access key.*\[SP_AWS_CREDENTIALS\]/,
  },
  {
    what: 'an expired session',
    prepare: fault('DescribeVpcs', 'ExpiredToken'),
    exit: ExitCode.configuration,
    says: /sign in again: the session has ended/,
    recovers: true,
  },
  {
    what: 'no permission to launch',
    prepare: fault('RunInstances', 'UnauthorizedOperation'),
    exit: ExitCode.configuration,
    says: /lack ec2:RunInstances; add this to their policy .*"Action":\["ec2:RunInstances"/,
    recovers: true,
  },
  {
    what: 'no permission to look at zones',
    options: { hasDomain: true },
    prepare: fault('ListHostedZones', 'AccessDenied'),
    exit: ExitCode.configuration,
    says: /lack route53:ListHostedZones/,
    recovers: true,
  },
  {
    what: 'no default VPC',
    options: { hasDefaultVpc: false },
    exit: ExitCode.configuration,
    says: /us-west-2 has no default VPC; set --subnet, or make one with aws ec2 create-default-vpc/,
  },
  {
    what: 'a subnet that is not there',
    args: ['--subnet', 'subnet-0123456789abcdef0'],
    exit: ExitCode.configuration,
    says: /InvalidSubnetID.NotFound.*set --subnet/,
  },
  {
    what: 'no capacity anywhere',
    prepare: fault('RunInstances', 'InsufficientInstanceCapacity'),
    exit: ExitCode.failure,
    says: /\(InsufficientInstanceCapacity\); set another INSTANCE_TYPE or AWS_REGION_NAME/,
    recovers: true,
  },
  {
    what: 'a quota of machines',
    prepare: fault('RunInstances', 'VcpuLimitExceeded'),
    exit: ExitCode.failure,
    says: /provisioner list --all-regions.*higher quota of running on-demand instances/,
    recovers: true,
  },
  {
    what: 'a quota of addresses',
    env: { SALLYPORT_ELASTIC_IP: 'yes' },
    prepare: fault('AllocateAddress', 'AddressLimitExceeded'),
    exit: ExitCode.failure,
    says: /higher quota of Elastic IPs/,
    recovers: true,
  },
  {
    what: 'throttling for longer than the SDK retries',
    env: { AWS_MAX_ATTEMPTS: '2' },
    prepare: fault('DescribeSubnets', 'RequestLimitExceeded'),
    exit: ExitCode.unreachable,
    says: /\(RequestLimitExceeded\); wait a minute/,
    recovers: true,
  },
  {
    what: 'an image that is gone',
    args: ['--image-id', 'ami-0123456789abcdef0'],
    exit: ExitCode.configuration,
    says: /InvalidAMIID.NotFound\); take IMAGE_ID away/,
  },
  {
    what: 'a type of another architecture than the image',
    args: ['--image-id', 'ami-0a202608010000001', '--instance-type', 't4g.nano'],
    exit: ExitCode.configuration,
    says: /offers no t4g.nano for ami-0a\w+ \(x86_64\).*set INSTANCE_TYPE/,
  },
  {
    what: 'only an image of somebody else with Canonical’s name',
    prepare: ({ fake: { world } }) => {
      world.images = world.images.map((one) => ({ ...one, owner: '666666666666' }))
    },
    exit: ExitCode.configuration,
    says: /Canonical has no Ubuntu 24.04 image/,
  },
  {
    what: 'a zone that is not ours',
    env: { HOSTED_ZONE: 'example.org', SUBDOMAIN: 'tunnel' },
    exit: ExitCode.configuration,
    says: /no public hosted zone .* holds tunnel.example.org; check HOSTED_ZONE, or use --host/,
  },
  {
    what: 'a record of somebody else',
    options: { hasDomain: true },
    prepare: ({ fake: { world } }) => {
      const zone = world.zones.find((one) => one.id === 'ZCHILD')
      const values = ['elsewhere.example.']
      zone?.records.push({ name: 'tunnel.dev.example.com.', type: 'CNAME', ttl: '5', values })
    },
    exit: ExitCode.configuration,
    says: /not ours \(CNAME tunnel.dev.example.com\); set another SUBDOMAIN/,
  },
  {
    what: 'a chosen group name that is taken',
    env: { SECURITY_GROUP: 'Mine' },
    prepare: ({ fake: { world } }) => {
      const openings = new Set<string>()
      const { vpcId } = world
      world.groups.push({ id: 'sg-1', name: 'Mine', vpcId, openings, tags: {}, hidden: 0 })
    },
    exit: ExitCode.configuration,
    says: /"Mine" exists and is not this stack's; set SECURITY_GROUP to another name/,
  },
  {
    what: 'a DNS change that AWS refuses',
    options: { hasDomain: true },
    prepare: fault('ChangeResourceRecordSets', 'InvalidChangeBatch', 1),
    exit: ExitCode.configuration,
    says: /something else changed these records at the same time: run it again/,
    recovers: true,
  },
  {
    what: 'a claim that never comes',
    env: { SALLYPORT_CLAIM_SECONDS: '1' },
    prepare: ({ fake: { world } }) => {
      world.onBoot = (instance) => {
        instance.console = 'cloud-init: it broke here'
      }
    },
    exit: ExitCode.failure,
    says: /did not ask to be claimed within 1 s;.*run up again.*\n.*\n.*it broke here/s,
  },
  {
    what: 'a bundle that serves nobody',
    env: { SALLYPORT_CLAIM_SECONDS: '2' },
    prepare: (world) => {
      world.env['SALLYPORT_RELAY_BUNDLE'] = world.directory.join('hangs.mjs')
      writeFileSync(world.directory.join('hangs.mjs'), 'setInterval(() => {}, 1_000)\n')
    },
    exit: ExitCode.failure,
    says: /was claimed, but no relay answers within 2 s; .*provisioner down and then up/,
  },
  {
    what: 'an instance that ends itself before it is claimed',
    prepare: ({ fake: { world } }) => {
      world.onBoot = (instance) => {
        instance.console = 'cloud-init: it broke here'
        world.end(instance)
      }
    },
    exit: ExitCode.failure,
    says: /ended (before it was claimed|while it started).*run up again/s,
  },
  {
    what: 'no bundle of the relay',
    env: { SALLYPORT_RELAY_BUNDLE: '/nowhere/relay.mjs' },
    exit: ExitCode.configuration,
    says: /\/nowhere\/relay.mjs cannot be read; build it/,
    recovers: true,
    asksNothing: true,
  },
  {
    what: 'a certificate that is not there',
    env: { KEY_FILE: '/nowhere/private.pem', CERT_FILE: '/nowhere/public.pem' },
    exit: ExitCode.configuration,
    says: /\/nowhere\/private.pem \(KEY_FILE\) cannot be read/,
    asksNothing: true,
  },
]

// Each has a world of its own and mostly waits.
describe('faults', { concurrency: 3 }, () => {
  for (const { what, options, env, prepare, args = [], exit, says, ...one } of cases) {
    test(`faults: ${what}`, async () => {
      await using world = await startCloudWorld(options)
      const foreign = world.fake.world.remaining()
      prepare?.(world)
      const strangers = [...world.fake.world.remaining()].filter((one) => !foreign.includes(one))
      const failed = await world.finish(['up', ...args], exit, env)
      const told = failed.stderr.split('\n').filter((line) => line.startsWith('provisioner: '))
      assert.equal(told.length, 1, failed.stderr)
      assert.match(failed.stderr, says)
      assert.doesNotMatch(failed.stderr + failed.stdout, /sp1_|secret\/key/)
      if (one.asksNothing === true) assert.deepEqual(world.fake.calls, [])
      if (one.recovers === true) {
        world.fake.faults.length = 0
        await world.finish(['up'])
      }
      await world.finish(['down'])
      assert.deepEqual(world.fake.world.remaining(), strangers)
    })
  }
})

test('faults: no capacity in the first zone is met by the next, then by the next type', async () => {
  await using world = await startCloudWorld()
  world.fake.faults.push({ action: 'RunInstances', code: 'InsufficientInstanceCapacity', times: 3 })
  await world.finish(['up'])
  assert.equal(world.live().length, 1)
  // t4g.nano in two zones, t3a.nano in the first of its two; then the second.
  const [instance] = world.live()
  assert.deepEqual([instance?.type, instance?.zone], ['t3a.nano', 'us-west-2c'])
})

test('faults: a type that was asked for is not replaced by another', async () => {
  await using world = await startCloudWorld()
  world.fake.faults.push({ action: 'RunInstances', code: 'InsufficientInstanceCapacity' })
  await world.finish(['up', '--instance-type', 't2.nano'], ExitCode.failure)
  const tried = world.fake.calls.filter((call) => call.action === 'RunInstances')
  assert.deepEqual(
    tried.map((call) => call.params['InstanceType']),
    ['t2.nano'],
  )
})

test('faults: down does not end while something of ours stays', async () => {
  await using world = await startCloudWorld()
  await world.finish(['up'])
  world.fake.faults.push({ action: 'DeleteSecurityGroup', code: 'InvalidGroup.NotFound' })
  // The group is there, whatever deleting it says.
  await using program = world.run(['down'])
  await program.errorLine('make sure that nothing of ours is left')
  program.signal('SIGINT')
  await program.expectExit(130)
  assert.match(program.stderr.text, /interrupted; what was made is on record/)
  world.fake.faults.length = 0
  await world.finish(['down'])
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('faults: an impostor at the address gets nothing and is told apart', async () => {
  await using world = await startCloudWorld()
  let heard = 0
  const { key, certificate } = makeCertificate()
  const servers: ReturnType<typeof createServer>[] = []
  world.fake.world.onBoot = (instance) => {
    const options = { key, cert: certificate, ALPNProtocols: ['sallyport-claim/1'] }
    const impostor = createServer(options, (socket) => {
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.length
        // It has no K: whatever it answers is wrong.
        socket.write(Buffer.alloc(32))
      })
    })
    servers.push(impostor.listen(relayPort, instance.ownAddress))
  }
  const failed = await world.finish(['up'], ExitCode.failure)
  assert.match(failed.stderr, /not the instance that was launched.*nothing was sent to it.*down/)
  // The proof is of that one connection: it opens nothing elsewhere.
  assert.equal(heard, 96)
  for (const one of servers) one.close()
  await world.finish(['down'])
})

test('faults: Ctrl-C while AWS works leaves a state from which down ends all of it', async () => {
  for (const action of ['CreateSecurityGroup', 'RunInstances', 'DescribeInstances']) {
    await using world = await startCloudWorld()
    await using program = world.run(['up'])
    world.fake.onDone = (call) => {
      if (call.action !== action) return
      world.fake.onDone = () => {}
      program.signal('SIGINT')
    }
    await program.expectExit(130)
    assert.match(program.stderr.text, /interrupted; what was made is on record/)
    assert.match(readFileSync(world.stateFile, 'utf8'), /"stack"/)
    await world.finish(['down'])
    assert.deepEqual(world.fake.world.remaining(), [])
  }
})

test('faults: two provisioners on one state file: the second is told who is at work', async () => {
  await using world = await startCloudWorld()
  await using first = world.run(['up'])
  await first.errorLine('create the security group')
  const second = await world.finish(['down'], ExitCode.failure)
  assert.match(second.stderr, new RegExp(`process ${first.pid}\\) is at work on .*SP_STATE_BUSY`))
  await first.expectExit(0, 20_000)
  await world.finish(['down'])
})
