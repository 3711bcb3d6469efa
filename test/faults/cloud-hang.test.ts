// A new bundle that starts and hangs, so that nothing in it can give up: root's timer starts it again,
// and the launcher takes the one before.
import assert from 'node:assert/strict'
import { rmSync, utimesSync } from 'node:fs'
import test from 'node:test'
import { parseToken } from '@sallyport/protocol'
import { callRelay } from '../../packages/provisioner/src/deploy-call.ts'
import { upgradeRelay } from '../../packages/provisioner/src/upgrade.ts'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { retry } from '../support/retry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('relay-bundle.mjs')
await buildRelayBundle(bundle)

test('upgrade: a bundle that hangs is started again, and so taken back', async () => {
  await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
  await world.finish(['up'])
  const status = async (): Promise<string> => (await world.finish(['status'])).stdout
  const isServing = async (): Promise<void> => assert.match(await status(), /serving on/)
  await retry(isServing)

  const state = world.state() as { claim: { deployKey: string; spki: string }; address: string }
  const deployKey = parseToken(state.claim.deployKey, 'state file')
  const { signal } = new AbortController()
  const target = { address: state.address, port: relayPort, spki: state.claim.spki, signal }
  const dial = () => callRelay({ ...target, deployKey })
  const hanging = Buffer.from('setInterval(() => {}, 1_000)\n')
  const options = { dial, deployKey, bundle: hanging, pollSeconds: 0.05, waitSeconds: 2, signal }
  await assert.rejects(upgradeRelay(options), { code: 'SP_UPGRADE_FAILED' })

  const machine = world.cloud.machines.get(world.live()[0]?.id ?? '') ?? assert.fail('no machine')
  const long = Date.now() / 1_000 - 300
  utimesSync(`${machine.root}/var/lib/sallyport-relay/alive`, long, long)
  await machine.command(['/opt/sallyport/watch.sh'])
  assert.equal(machine.log().at(-1), 'restart --no-block sallyport-relay.service')
  await retry(isServing)
  assert.match(await status(), /bundle 1 did not come up: not confirmed/)
})
