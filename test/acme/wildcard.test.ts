// A certificate for a stack's name and all names under it: the provisioner answers pebble's questions in the
// fake Route 53, the relay on the claimed machine holds the key, and nothing is left in the zone.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { connect } from 'node:tls'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { ownAddress, startPebble } from '../support/pebble.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { runAgent } from '../support/tunnel.ts'
import { startZoneDns } from '../support/zone-dns.ts'

const name = 'tunnel.dev.example.com'

test(
  'acme: a wildcard by DNS, whose key is on the relay and whose records go again',
  requires('pebble'),
  async () => {
    await using build = await temporaryDirectory()
    const bundle = build.join('relay-bundle.mjs')
    await buildRelayBundle(bundle)
    process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
    await using world = await startCloudWorld({
      hasDomain: true,
      env: { SALLYPORT_RELAY_BUNDLE: bundle },
    })
    const records = () => world.fake.world.zones.flatMap((zone) => zone.records)
    const address = ownAddress()
    await using dns = await startZoneDns(address, records)
    await using pebble = await startPebble({ address, dns: `${address}:${dns.port}` })
    writeFileSync(world.directory.join('ca.pem'), pebble.ca)
    await world.finish(['up'])
    // A value of somebody else's at the same place stays.
    const others = {
      name: `_acme-challenge.${name}.`,
      type: 'TXT',
      ttl: '300',
      values: ['"theirs"'],
    }
    const zone = world.fake.world.zones.find(({ id }) => id === 'ZCHILD') ?? assert.fail('no zone')
    zone.records.push(others)
    const authority = {
      SALLYPORT_ACME_DIRECTORY: pebble.directoryUrl,
      SALLYPORT_ACME_CA_FILE: world.directory.join('ca.pem'),
    }
    const { stdout } = await world.finish(['certificate', '--json'], 0, authority)
    const told = JSON.parse(stdout.split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>
    assert.deepEqual(told['names'], [name, `*.${name}`])
    assert.ok(dns.asked.includes(`TXT _acme-challenge.${name}`), dns.asked.join())
    const left = records().filter((one) => one.name.startsWith('_acme-challenge.'))
    assert.deepEqual(
      left.map(({ values }) => values),
      [['"theirs"']],
    )

    const host = world.fake.world.addresses[0]?.publicAddress ?? ''
    const join = String(world.state()['joinString']).replace(`@${name}:`, `@${host}:`)
    await using origin = await startOrigin(echo)
    const servername = `any.${name}`
    await using agent = runAgent(join, [String(origin.port), '--url', `tls://${servername}`])
    await agent.event('ready', 30_000)
    const socket = connect({ host, port: relayPort, ca: pebble.root, servername })
    await deadline(once(socket, 'secureConnect'), 20_000, 'a handshake that trusts pebble')
    const certificate = socket.getPeerX509Certificate() ?? assert.fail('no certificate')
    socket.destroy()
    assert.ok(certificate.checkHost(name) && certificate.checkHost(`any.${name}`))
    // Nothing of it is kept here but our account.
    const state = JSON.stringify(world.state())
    assert.deepEqual(state.match(/PRIVATE KEY-----/g)?.length, 2)
  },
)
