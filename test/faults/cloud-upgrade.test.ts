// SIGKILL inside a redelivery: at chunks that the provisioner and a standing relay exchange, from the
// first question to the confirmation. The next `up` ends with the relay on the bundle that was wanted.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { assertDownLeavesNothing, assertOneStack, killAtChunk } from '../support/cloud-crash.ts'
import { startCloudWorld } from '../support/cloud-world.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('first.mjs')
await buildRelayBundle(bundle)
const second = build.join('second.mjs')
writeFileSync(second, `${readFileSync(bundle, 'utf8')}\n// second\n`)

/** Every chunk of the first questions, then some of the bundle, the drain, the new start, the end. */
const chunks = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60]

for (const n of chunks) {
  test(`upgrade killed at chunk ${n}: up goes on to the bundle that was wanted`, async () => {
    await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
    await world.finish(['up'])
    world.env['SALLYPORT_RELAY_BUNDLE'] = second
    await killAtChunk(world, n)
    await world.finish(['up'])
    assertOneStack(world, false)
    const { stdout } = await world.finish(['status', '--json'])
    const { relay } = JSON.parse(stdout) as { relay: { bundle: Record<string, unknown> } }
    assert.equal(relay.bundle['isOnTrial'], false)
    assert.equal(relay.bundle['failed'], undefined)
    assert.ok(Number(relay.bundle['version']) >= 1)
    await assertDownLeavesNothing(world)
  })
}
