// `up --acme-directory`: what the relay is told of an authority, at the claim and when it stands already, and
// the address that then has to stay. Certificates themselves are in test/acme/address.test.ts.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { createAuthority } from '../support/authority.ts'
import { type CloudWorld, startCloudWorld } from '../support/cloud-world.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Nobody listens there. */
const directory = 'https://127.0.0.1:1/dir'
const { root } = createAuthority()

/** relay.json of the machine. */
function delivered(world: CloudWorld): Readonly<Record<string, unknown>> {
  const machine = world.cloud.machines.get(world.live()[0]?.id ?? '')
  const text = machine?.read('var/lib/sallyport-relay/relay.json') ?? ''
  return JSON.parse(text) as Record<string, unknown>
}

test('authority: up tells the relay of it and keeps the address; plan says so', async () => {
  await using world = await startCloudWorld({ hasPublicNames: true })
  const caFile = world.directory.join('ca.pem')
  writeFileSync(caFile, root)
  const env = {
    SALLYPORT_ACME_DIRECTORY: directory,
    SALLYPORT_ACME_EMAIL: 'me@example.com',
    SALLYPORT_ACME_CA_FILE: caFile,
  }
  const plan = await world.finish(['plan'], 0, env)
  assert.match(plan.stderr, /^\d\. allocate an Elastic IP$/m)
  assert.match(
    plan.stderr,
    /^certificates: the relay orders them from https:\/\/127\.0\.0\.1:1\/dir/m,
  )
  const plain = await world.finish(['plan'])
  assert.doesNotMatch(plain.stderr, /Elastic IP|certificates:/)

  await world.finish(['up'], 0, env)
  const [elastic] = world.fake.world.addresses
  const address = elastic?.publicAddress ?? assert.fail('no Elastic IP')
  assert.deepEqual(delivered(world), {
    v: 1,
    host: address,
    listen: ':8443',
    acme_directory: directory,
    acme_email: 'me@example.com',
    acme_ca: root,
  })
  // Nobody certifies the name that AWS gives to an address.
  assert.equal(world.state()['endpoint'], address)
})

test('authority: what cannot be is one line, before anything is made', async () => {
  await using world = await startCloudWorld()
  for (const command of ['plan', 'up']) {
    for (const [args, env, line] of [
      [
        ['--acme-directory', 'letsencrypt'],
        {},
        /RELAY_PORT \(with --acme-directory\): "8443" .*443/,
      ],
      [
        ['--acme-directory', 'lets'],
        {},
        /\(--acme-directory\): "lets" .*letsencrypt, staging, off/,
      ],
      [['--acme-directory', directory], { SALLYPORT_ACME_CA_FILE: 'absent' }, /"absent" .*of PEM/],
    ] as const) {
      const { stderr } = await world.finish([command, ...args], 3, env)
      assert.match(stderr, line)
      assert.equal(stderr.split('\n').length, 1, stderr)
    }
  }
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('authority: a standing relay hears of it, even one of a release that knew no such setting', async () => {
  await using build = await temporaryDirectory()
  process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
  const present = build.join('present.mjs')
  await buildRelayBundle(present)
  const code = readFileSync(present, 'utf8')
  const older = code.replace(/(,acme_\w+:[\w$.]+\.string\(\)\.optional\(\)){3}/, '')
  assert.ok(older !== code, 'the settings are there to be taken out')
  writeFileSync(build.join('older.mjs'), older)

  await using world = await startCloudWorld({
    env: { SALLYPORT_RELAY_BUNDLE: build.join('older.mjs') },
  })
  await world.finish(['up'])
  assert.equal(delivered(world)['acme_directory'], undefined)
  assert.equal(world.fake.world.addresses.length, 0)

  const authority = ['--acme-directory', directory]
  // With its own bundle it cannot, and says so; nothing is lost by it.
  const refused = await world.finish(['up', ...authority], 3)
  assert.match(refused.stderr, /acme_directory/)
  const env = { SALLYPORT_RELAY_BUNDLE: present }
  await world.finish(['up', ...authority], 0, env)
  const [elastic] = world.fake.world.addresses
  assert.equal(delivered(world)['acme_directory'], directory)
  assert.equal(delivered(world)['host'], elastic?.publicAddress ?? assert.fail('no Elastic IP'))

  await world.finish(['up'], 0, env)
  assert.equal(delivered(world)['acme_directory'], undefined)
  assert.equal(world.fake.world.addresses.length, 1, 'what visitors may know by now stays')
  assert.equal(world.fake.world.instances.length, 1)
})
