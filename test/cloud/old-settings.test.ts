// Every setting of the system that inspired this, in one env file of its form, and what each does. Its
// defaults are in packages/provisioner/src/settings.test.ts, KEY_FILE and CERT_FILE in
// own-certificate.test.ts, CHANNEL_TIMEOUT and a tunnel in tunnel.test.ts.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { startCloudWorld } from '../support/cloud-world.ts'

test('old settings: an env file that env_file names, with all of them, is carried out', async () => {
  await using world = await startCloudWorld()
  const { AWS_ACCESS_KEY, AWS_SECRET_KEY } = world.env
  for (const name of ['AWS_ACCESS_KEY', 'AWS_SECRET_KEY', 'SERVER_INFO']) delete world.env[name]
  writeFileSync(
    world.directory.join('custom'),
    [
      'PORT=2021',
      'OPEN_PORT=True',
      'CHANNEL_TIMEOUT=30',
      'IMAGE_ID=ami-0a202603010000000',
      'INSTANCE_TYPE=t2.nano',
      `AWS_ACCESS_KEY=${AWS_ACCESS_KEY ?? ''}`,
      `AWS_SECRET_KEY=${AWS_SECRET_KEY ?? ''}`,
      'AWS_REGION_NAME=US-WEST-2',
      'KEY_PAIR=expose_localhost',
      'SECURITY_GROUP=Mine alone',
      'SERVER_INFO=mine.json',
      'EMAIL_ADDRESS=me@example.com',
      'ORGANIZATION=Example Brooklyn Company',
      'HOSTED_ZONE=dev.example.com',
      'SUBDOMAIN=tunnel',
    ].join('\n'),
  )
  const env = { env_file: 'custom' }
  await using up = world.run(['up'], env)
  await up.expectExit(0)
  assert.match(up.stderr.text, /^note: KEY_PAIR is ignored: the instance runs no ssh/m)
  assert.match(up.stderr.text, /the relay stands at https:\/\/tunnel\.dev\.example\.com:8443/)

  const [instance] = world.live()
  assert.deepEqual([instance?.type, instance?.imageId], ['t2.nano', 'ami-0a202603010000000'])
  const [group] = world.fake.world.groups
  assert.equal(group?.name, 'Mine alone')
  for (const opening of ['tcp 2021 2021 0.0.0.0/0', 'tcp 2021 2021 ::/0']) {
    assert.ok(group.openings.has(opening), opening)
  }
  const file = world.directory.join('mine.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const state = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  assert.deepEqual([state['region'], state['instanceId']], ['us-west-2', instance?.id])
  assert.equal(instance?.tags['Name'], `sallyport ${String(state['stack'])}`)

  const machine = world.cloud.machines.get(instance?.id ?? '')
  const { subject, subjectAltName } = new X509Certificate(
    machine?.read('var/lib/sallyport-relay/tls.crt') ?? '',
  )
  assert.match(subject, /^O=Example Brooklyn Company$/m)
  assert.match(subject, /^emailAddress=me@example\.com$/m)
  assert.match(subjectAltName ?? '', /DNS:tunnel\.dev\.example\.com/)
  assert.match(machine?.read('var/lib/sallyport-relay/relay.json') ?? '', /"tcp_ports":"2021-2021"/)
  const zone = world.fake.world.zones.find((one) => one.id === 'ZCHILD')
  const a = zone?.records.find((one) => one.name === 'tunnel.dev.example.com.' && one.type === 'A')
  assert.deepEqual(a?.values, [world.fake.world.addresses[0]?.publicAddress])

  await using down = world.run(['down'], env)
  await down.expectExit(0)
  assert.deepEqual(world.fake.world.remaining(), [])
})
