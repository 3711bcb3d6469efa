// A new bundle for a relay that stands, and settings and certificates that `up` delivers again: the
// instance stays, visits end as they should, and what does not come up is taken back.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { parseToken } from '@sallyport/protocol'
import { callRelay, type DeployCall } from '../../packages/provisioner/src/deploy-call.ts'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { type CloudWorld, relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { retry } from '../support/retry.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { visitUrl } from '../support/visit-url.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
await buildRelayBundle(build.join('relay-bundle.mjs'))
const code = readFileSync(build.join('relay-bundle.mjs'), 'utf8')

/** The relay's bundle in another edition. */
function edition(name: string, text = `${code}\n// ${name}\n`): Record<string, string> {
  const path = build.join(`${name}.mjs`)
  writeFileSync(path, text)
  return { SALLYPORT_RELAY_BUNDLE: path }
}

const startWorld = (): Promise<CloudWorld> => startCloudWorld({ env: edition('claimed') })

function machineOf(world: CloudWorld) {
  const machine = world.cloud.machines.get(world.live()[0]?.id ?? '')
  return machine ?? assert.fail('no machine runs')
}

/** Starts of the relay so far. */
const startsOf = (world: CloudWorld): number =>
  machineOf(world)
    .read('starts')
    .split('\n')
    .filter((unit) => unit === 'sallyport-relay.service').length

async function bundleOf(world: CloudWorld): Promise<Record<string, unknown>> {
  const { stdout } = await world.finish(['status', '--json'])
  const { relay } = JSON.parse(stdout) as { relay: { bundle: Record<string, unknown> } }
  return relay.bundle
}

test('upgrade: a visit under way ends whole; what does not come up is taken back', async () => {
  await using world = await startWorld()
  await world.finish(['up'])
  const slowAsked = Promise.withResolvers<ServerResponse>()
  const origin = createServer((request, response) => {
    if (request.url === '/slow') {
      response.write('begin ')
      slowAsked.resolve(response)
    } else response.end('quick')
  })
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  try {
    await using agent = runProgram(
      'agent',
      ['connect', String((origin.address() as AddressInfo).port), '--json'],
      { env: { SALLYPORT_JOIN_FILE: world.directory.join('server_info.join') } },
    )
    const url = String((await agent.event('ready'))['url'])
    assert.equal(await visitUrl(url), 'quick')
    const slow = visitUrl(new URL('/slow', url).href)
    const answer = await deadline(slowAsked.promise, 10_000, 'request for /slow')

    const upgrade = world.finish(['upgrade'], 0, edition('second'))
    let isOver = false
    void upgrade.finally(() => (isOver = true)).catch(() => {})
    const drains = async (): Promise<void> => {
      const isDraining = () => machineOf(world).console().includes('draining: 1 visitors')
      while (!isOver && !isDraining()) await delay(20)
    }
    await deadline(drains(), 30_000, 'drain')
    assert.ok(!isOver, 'it waits for the visit')
    answer.end('end')
    assert.equal(await slow, 'begin end')
    assert.match((await upgrade).stderr, /the relay runs bundle 1$/)
    assert.equal(startsOf(world), 2)
    const facts = await bundleOf(world)
    assert.deepEqual([facts['version'], facts['isOnTrial']], [1, false])

    // The same again is nothing to do; a reboot starts the new one.
    const again = await world.finish(['upgrade'], 0, edition('second'))
    assert.match(again.stderr, /runs this bundle already/)
    assert.equal(startsOf(world), 2)
    await machineOf(world).reboot()
    await untilBack(world)
    assert.equal((await bundleOf(world))['version'], 1)

    // One that does not come up is taken back, with its reason.
    const broken = edition('broken', "throw new Error('no such module')\n")
    const failed = await world.finish(['upgrade'], 1, broken)
    assert.match(
      failed.stderr,
      /bundle 2 did not come up \(Error: no such module\); the relay runs bundle 1 again \[SP_UPGRADE_FAILED\]/,
    )
    assert.match((await world.finish(['status'])).stdout, /^relay +bundle 2 did not come up: /m)
    // Its version is spent; the next one is above it.
    await world.finish(['upgrade'], 0, edition('mended'))
    assert.equal((await bundleOf(world))['version'], 3)

    // Whoever has the door, but another signature, changes nothing.
    const starts = startsOf(world)
    using call = await callRelayOf(world)
    const body = Buffer.from('export {}')
    const signature = Buffer.alloc(64).toString('base64url')
    const asked = call.ask({ do: 'upgrade', version: 4, signature }, body)
    await assert.rejects(asked, { code: 'SP_UPGRADE_REFUSED', message: /signature/ })
    await assert.rejects(call.ask({ do: 'confirm', version: 4 }), { code: 'SP_UPGRADE_REFUSED' })
    assert.equal(startsOf(world), starts)
  } finally {
    origin.closeAllConnections()
    origin.close()
  }
})

/** Until the relay answers at its deploy door. */
async function untilBack(world: CloudWorld): Promise<void> {
  await retry(async () => assert.ok(await bundleOf(world)))
}

function callRelayOf(world: CloudWorld): Promise<DeployCall> {
  const state = world.state() as { claim: { deployKey: string; spki: string }; address: string }
  return callRelay({
    address: state.address,
    port: relayPort,
    spki: state.claim.spki,
    deployKey: parseToken(state.claim.deployKey, 'state file'),
    signal: AbortSignal.timeout(10_000),
  })
}

test('redelivery: up brings a standing relay to the bundle and settings of today', async () => {
  await using world = await startWorld()
  const first = await world.finish(['up'])
  // Agents that were added since stay.
  await world.finish(['agents', 'add', 'second'])
  await world.finish(['up'])
  assert.equal(startsOf(world), 1, 'nothing has changed: nobody is disturbed')

  const ports = { SALLYPORT_TCP_PORTS: '2222' }
  const again = await world.finish(['up'], 0, ports)
  assert.equal(again.stdout, first.stdout)
  assert.equal(startsOf(world), 2)
  const settings = machineOf(world).read('var/lib/sallyport-relay/relay.json')
  assert.match(settings, /"tcp_ports":"2222-2222"/)

  await world.finish(['up'], 0, { ...ports, ...edition('third') })
  assert.equal(startsOf(world), 3, 'one start for all of it')
  assert.equal((await bundleOf(world))['version'], 1)
  assert.match((await world.finish(['agents', 'ls'])).stdout, /^second\t/m)
  assert.equal(world.live().length, 1)
  assert.equal(world.fake.world.instances.length, 1)
})
