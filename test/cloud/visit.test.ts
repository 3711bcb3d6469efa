// From nothing to a visit: provisioner up, the real relay's bundle on the claimed instance, agent
// connect with the join string that up left behind, a request from outside, and down.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import test from 'node:test'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { startCloudWorld } from '../support/cloud-world.ts'
import { runProgram } from '../support/run-program.ts'
import { visitUrl, visitUrlWithin } from '../support/visit-url.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('visit: provisioner up, agent connect, a request from outside, provisioner down', async () => {
  await using build = await temporaryDirectory()
  const bundle = build.join('relay-bundle.mjs')
  await buildRelayBundle(bundle)
  await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
  const origin = createServer((_, response) => response.end('hello from home'))
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  try {
    await world.finish(['up'])
    await using agent = runProgram(
      'agent',
      ['connect', String((origin.address() as AddressInfo).port), '--json'],
      { env: { SALLYPORT_JOIN_FILE: world.directory.join('server_info.join') } },
    )
    const ready = await agent.event('ready')
    const url = String(ready['url'])
    const [instance] = world.live()
    assert.equal(new URL(url).hostname, instance?.ownAddress)
    assert.equal(await visitUrl(url), 'hello from home')

    // The machine is switched off and on; the agent comes back by itself.
    const machine = world.cloud.machines.get(instance?.id ?? '')
    await machine?.reboot()
    assert.equal(await visitUrlWithin(url, 15_000), 'hello from home')
    await world.finish(['down'])
    assert.deepEqual(world.fake.world.remaining(), [])
  } finally {
    origin.closeAllConnections()
    origin.close()
  }
})
