// What root's timer on the machine makes of the relay's heartbeat: a stuck relay is started again, an
// unused machine ends itself where that was asked for, and nothing else happens.
import assert from 'node:assert/strict'
import { rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { type CloudWorld, startCloudWorld } from '../support/cloud-world.ts'
import { retry } from '../support/retry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('relay-bundle.mjs')
await buildRelayBundle(bundle)

async function standing(env: Readonly<Record<string, string>> = {}) {
  const world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle, ...env } })
  await world.finish(['up'])
  const machine = world.cloud.machines.get(world.live()[0]?.id ?? '') ?? assert.fail('no machine')
  const file = (name: string) => `${machine.root}/var/lib/sallyport-relay/${name}`
  return {
    world,
    machine,
    file,
    /** The file was last touched so many minutes ago. */
    age(name: string, minutes: number) {
      const then = Date.now() / 1_000 - minutes * 60
      utimesSync(file(name), then, then)
    },
    /** One run of the timer; what it asked of systemd. */
    async look(): Promise<string[]> {
      const before = machine.log().length
      await machine.command(['/opt/sallyport/watch.sh'])
      return machine.log().slice(before)
    },
  }
}

const restart = 'restart --no-block sallyport-relay.service'

async function untilServing(world: CloudWorld): Promise<void> {
  await retry(async () => assert.match((await world.finish(['status'])).stdout, /serving on/))
}

test('watch: stuck, it is started again; unused for as long as was set, the machine ends', async () => {
  const { world, file, age, look } = await standing({ SALLYPORT_END_WHEN_IDLE: '12h' })
  await using _ = world
  await untilServing(world)
  assert.deepEqual(await look(), [])
  for (const name of ['alive', 'active']) age(name, 5)
  assert.deepEqual(await look(), [restart])
  // Its start is a beat, a moment after it serves; the second file is the last that it touches.
  await retry(async () => assert.ok(Date.now() - statSync(file('active')).mtimeMs < 60_000))
  await untilServing(world)
  assert.deepEqual(await look(), [])

  age('active', 12 * 60 - 5)
  assert.deepEqual(await look(), [])
  age('active', 12 * 60 + 5)
  assert.deepEqual(await look(), ['poweroff'])

  // The relay's user may put there what it likes: only times count, and of nothing elsewhere.
  writeFileSync(build.join('old'), '')
  utimesSync(build.join('old'), 1, 1)
  rmSync(file('active'))
  symlinkSync(build.join('old'), file('active'))
  assert.deepEqual(await look(), [])
  rmSync(file('active'))
  assert.deepEqual(await look(), [])
})
