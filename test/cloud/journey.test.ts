// The whole way against the fake EC2: the user-data is really carried out, the instance claimed, the
// relay handed over, rebooted, redelivered to, and ended; and nobody but the state file got a key.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'node:test'
import { matchesPin, parseJoinString } from '@sallyport/protocol'
import { relayPort, startCloudWorld, type CloudWorld } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { launchOption } from '../support/fake-aws/ec2-changing.ts'
import { text, list, type Params } from '../support/fake-aws/query.ts'

interface Visit {
  readonly body: string
  readonly spki: Buffer
  readonly subject: string
  readonly names: string | undefined
}

/** A TLS visit to whatever answers at the address. */
function visit(address: string): Promise<Visit> {
  const visited = new Promise<Visit>((resolve, reject) => {
    const socket = connect({
      host: address,
      port: relayPort,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
    })
    let body = ''
    let seen: Omit<Visit, 'body'> | undefined
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate()
      if (certificate === undefined) return
      const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
      seen = { spki, subject: certificate.subject, names: certificate.subjectAltName }
    })
    socket.on('data', (chunk: Buffer) => (body += chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => (seen ? resolve({ ...seen, body }) : reject(new Error('no TLS'))))
  })
  return deadline(visited, 5_000, `visit of ${address}`)
}

function machineOf(world: CloudWorld) {
  const [instance] = world.live()
  const machine = world.cloud.machines.get(instance?.id ?? '')
  return machine ?? assert.fail('no machine runs')
}

/** Visits until somebody answers: a rebooted machine tells nobody when its relay listens. */
async function answers(address: string): Promise<Visit> {
  let visited: Visit | undefined
  const until = performance.now() + 10_000
  while (visited === undefined && performance.now() < until) {
    visited = await visit(address).catch(() => delay(20, undefined))
  }
  return visited ?? assert.fail(`nothing answers at ${address}`)
}

test('journey: up, a visit, a reboot, up again, down', async () => {
  await using world = await startCloudWorld({ hasDomain: true })
  const up = await world.finish(['up'])

  // stdout is the join string alone, and it leads to the key that answers.
  assert.doesNotMatch(up.stdout, /\n/)
  const join = parseJoinString(up.stdout, 'stdout')
  assert.equal(join.host, 'tunnel.dev.example.com')
  assert.equal(join.port, relayPort)
  const address = world.fake.world.addresses[0]?.publicAddress ?? ''
  const first = await answers(address)
  assert.ok(matchesPin(join.pin, first.spki))
  assert.equal(first.body, address)
  assert.match(first.subject, /O=tunnel\.dev\.example\.com/)
  assert.match(first.subject, /emailAddress=\w+@expose-localhost\.com/)
  assert.equal(first.names, `DNS:tunnel.dev.example.com, IP Address:${address}`)
  const joinFile = world.directory.join('server_info.join')
  assert.equal(readFileSync(joinFile, 'utf8').trim(), up.stdout)
  assert.equal(statSync(joinFile).mode & 0o777, 0o600)
  assert.equal(world.mode(), 0o600)

  // ssh is masked before anything else; nothing ever starts it.
  const machine = machineOf(world)
  assert.match(machine.log()[0] ?? '', /^mask --now --no-block ssh.service ssh.socket$/)
  assert.equal(
    machine.log().some((line) => line.startsWith('start') && line.includes('ssh')),
    false,
  )

  // Claimed once and for all: a reboot starts the relay, with the same key.
  await machine.reboot()
  const second = await answers(address)
  assert.ok(matchesPin(join.pin, second.spki))

  // A standing relay is kept, and its join string is told again.
  const again = await world.finish(['up'])
  assert.equal(again.stdout, up.stdout)
  assert.equal(world.fake.world.instances.length, 1)

  const down = await world.finish(['down'])
  assert.deepEqual(world.fake.world.remaining(), [])
  assert.match(down.stderr, /nothing of it is left/)
  assert.throws(() => world.mode(), /ENOENT/)
  assert.throws(() => statSync(joinFile), /ENOENT/)
})

test('journey: what is launched is safe, and marked in the launching request', async () => {
  await using world = await startCloudWorld()
  await world.finish(['up'])
  const [instance] = world.live()
  const launch = (instance?.launch ?? {}) as Params
  assert.equal(launchOption(launch, 'MetadataOptions', 'HttpTokens'), 'required')
  assert.equal(launchOption(launch, 'MetadataOptions', 'HttpPutResponseHopLimit'), '1')
  assert.equal(text(launch, 'InstanceInitiatedShutdownBehavior'), 'terminate')
  assert.equal(text(launch, 'KeyName'), undefined)
  assert.deepEqual(Object.hasOwn(launch, 'IamInstanceProfile'), false)
  const [disk] = list(launch, 'BlockDeviceMapping')
  assert.deepEqual(typeof disk === 'object' && disk['Ebs'], {
    DeleteOnTermination: 'true',
    VolumeSize: '8',
    VolumeType: 'gp3',
    Encrypted: 'true',
  })
  assert.deepEqual(
    list(launch, 'TagSpecification').map((one) => text(one, 'ResourceType')),
    ['instance', 'volume', 'network-interface'],
  )
  const [group] = world.fake.world.groups
  assert.equal(group?.name, 'Expose Localhost')
  assert.equal(
    [...(group?.openings ?? [])].some((one) => / 22 /.test(one)),
    false,
  )
})

test('journey: a type outside the burstable families is launched too', async () => {
  await using world = await startCloudWorld()
  await world.finish(['up', '--instance-type', 'm7g.medium'])
  assert.equal(world.live()[0]?.type, 'm7g.medium')
})

test('journey: a machine that ended itself is replaced by the next up, for the same agent', async () => {
  await using world = await startCloudWorld()
  const before = parseJoinString((await world.finish(['up', '--ttl', '12h'])).stdout, 'stdout')
  assert.match(machineOf(world).log().join('\n'), /--on-calendar=@\d{10} --unit=sallyport-ttl/)
  const [first] = world.live()
  if (first !== undefined) world.fake.world.end(first)
  const after = parseJoinString((await world.finish(['up'])).stdout, 'stdout')
  assert.equal(world.live().length, 1)
  assert.notEqual(world.live()[0]?.id, first?.id)
  assert.equal(after.key.keyId, before.key.keyId)
  assert.notDeepEqual(after.pin, before.pin)
  await world.finish(['down'])
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('journey: two stacks stand side by side under one default group name', async () => {
  await using world = await startCloudWorld()
  await world.finish(['up'])
  await world.finish(['up', '--server-info', world.directory.join('second.json')])
  assert.equal(world.live().length, 2)
  const names = world.fake.world.groups.map((one) => one.name)
  assert.equal(names[0], 'Expose Localhost')
  assert.match(names[1] ?? '', /^Expose Localhost [0-9a-f]{12}$/)
  await world.finish(['down'])
  assert.equal(world.live().length, 1)
  await world.finish(['down', '--server-info', world.directory.join('second.json')])
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('journey: down works from the tags alone when the state file is lost', async () => {
  await using world = await startCloudWorld({ hasDomain: true })
  await world.finish(['up'])
  const { stack } = world.state()
  rmSync(world.stateFile)

  const refused = await world.finish(['up'], 3)
  assert.match(refused.stderr, /still stands, but .*bring the file back, or run provisioner down/)
  const listed = await world.finish(['list', '--json', '--all-regions'])
  assert.match(listed.stdout, new RegExp(`"stack":"${String(stack)}".*"is_this_one":true`))
  await world.finish(['down'])
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('journey: plan tells a permission that is missing, before anything is made', async () => {
  for (const action of ['CreateSecurityGroup', 'RunInstances', 'AllocateAddress']) {
    await using world = await startCloudWorld({ env: { SALLYPORT_ELASTIC_IP: 'yes' } })
    world.fake.faults.push({ action, code: 'UnauthorizedOperation' })
    const { stderr } = await world.finish(['plan'], 3)
    assert.match(stderr, new RegExp(`lack ec2:${action}; add this to their policy .*"Sid":`))
    assert.deepEqual(world.fake.world.remaining(), [])
  }
})

test('journey: plan proves the permissions and changes nothing', async () => {
  await using world = await startCloudWorld({ hasDomain: true })
  const plan = await world.finish(['plan', '--json'])
  assert.match(plan.stdout, /"event":"plan".*launch t4g.nano.*a month/)
  assert.deepEqual(world.fake.world.remaining(), [])
  assert.throws(() => world.mode(), /ENOENT/)
  const dry = world.fake.calls.filter((call) => text(call.params, 'DryRun') === 'true')
  assert.deepEqual(
    dry.map((call) => call.action),
    ['CreateSecurityGroup', 'RunInstances', 'AllocateAddress'],
  )
})
