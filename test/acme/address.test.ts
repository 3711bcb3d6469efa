// A stack without a name: `up --acme-directory` gives its relay an address that stays, and pebble, which comes
// to that address, certifies it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { connect } from 'node:tls'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { ownAddress, startPebble } from '../support/pebble.ts'
import { requires } from '../support/requires.ts'
import { retry } from '../support/retry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test(
  'acme: a relay without a name has a certificate for the address that the stack keeps',
  requires('pebble'),
  async () => {
    await using build = await temporaryDirectory()
    const bundle = build.join('relay-bundle.mjs')
    await buildRelayBundle(bundle)
    await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
    await using pebble = await startPebble({ address: ownAddress(), tlsPort: relayPort })
    const ca = world.directory.join('ca.pem')
    writeFileSync(ca, pebble.ca)
    const env = { SALLYPORT_ACME_CA_FILE: ca }
    await world.finish(['up', '--acme-directory', pebble.directoryUrl], 0, env)

    const [elastic] = world.fake.world.addresses
    const host = elastic?.publicAddress ?? assert.fail('no Elastic IP')
    assert.equal(elastic?.instanceId, world.live()[0]?.id)
    const certificate = await retry(async () => {
      // Fails while the relay has no other certificate than its own.
      const socket = connect({ host, port: relayPort, ca: pebble.root })
      try {
        await deadline(once(socket, 'secureConnect'), 10_000, 'a handshake that trusts pebble')
        return socket.getPeerX509Certificate() ?? assert.fail('no certificate')
      } finally {
        socket.destroy()
      }
    })
    assert.equal(certificate.subjectAltName, `IP Address:${host}`)
    const { validToDate, validFromDate } = certificate
    assert.equal(Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000), 6)
  },
)
