// What is done with a relay that stands, from its provisioner, without ssh: agents, status, logs. The
// real relay's bundle on a claimed instance.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import test from 'node:test'
import { parseJoinString } from '@sallyport/protocol'
import { connectBareAgent } from '../support/bare-agent.ts'
import { type CloudWorld, relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { retry } from '../support/retry.ts'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('relay-bundle.mjs')
await buildRelayBundle(bundle)

const startWorld = (): Promise<CloudWorld> =>
  startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })

test('deploy: agents, status and logs of the standing relay', async () => {
  await using world = await startWorld()
  await world.finish(['up'])
  const calls = world.fake.calls.length
  const added = await world.finish(['agents', 'add', 'laptop', '--allow', 'tcp:2222'])
  const join = parseJoinString(added.stdout, 'stdout')
  const listed = await world.finish(['agents', 'ls'])
  const lines = listed.stdout.split('\n').map((line) => line.split('\t'))
  assert.deepEqual(
    lines.map(([name, , allow]) => [name, allow]),
    [
      ['first', '*'],
      ['laptop', 'tcp:2222'],
    ],
  )
  assert.equal(lines[1]?.[1], join.key.keyId)
  assert.equal(join.host, world.live()[0]?.ownAddress)

  // Its key is good at once, after a reboot too, and no longer once it is removed.
  const options = { port: relayPort, key: join.key }
  const machine = world.cloud.machines.get(world.live()[0]?.id ?? '')
  const agents = machine?.read('var/lib/sallyport-relay/agents.json') ?? ''
  assert.ok(agents.includes(join.key.publicKey.toString('base64url')))
  await using agent = await connectBareAgent({ ...options, host: join.host })
  await world.finish(['agents', 'rm', 'laptop'])
  await deadline(agent.closed, 15_000, 'end of the session')
  assert.equal((await world.finish(['agents', 'ls'])).stdout.split('\n').length, 1)

  const twice = await world.finish(['agents', 'rm', 'laptop'], 2)
  assert.match(twice.stderr, /no agent is named "laptop"; there are: first \[SP_USAGE\]/)
  assert.equal(world.fake.calls.length, calls, 'AWS was asked for none of it')

  const { stdout } = await world.finish(['status'])
  assert.match(stdout, /^relay +serving on \S+ as \S+ for \d+ s$/m)
  assert.match(stdout, /^relay +agent first \(\*\): not here$/m)
  const event = JSON.parse((await world.finish(['status', '--json'])).stdout) as {
    readonly relay: { readonly state: string }
  }
  assert.equal(event.relay.state, 'serving')
  const logs = (await world.finish(['logs'])).stdout
  assert.match(logs, /^\d{4}-\d\d-\d\dT\S+Z relay: agent laptop left: /m)
  assert.equal((await world.finish(['logs', '--lines', '1'])).stdout.split('\n').length, 1)

  // The machine is switched off and on: what the relay said before is there for whoever asks why.
  await machine?.reboot()
  await retry(async () => {
    const after = (await world.finish(['logs'])).stdout
    assert.match(after, /relay: agent laptop left: [^]*relay: listening on /)
  })

  // The machine is gone without a word: the rest of the status is told all the same.
  machine?.kill()
  assert.match(
    (await world.finish(['status'])).stdout,
    /^relay +no relay answers .*SP_UNREACHABLE/m,
  )
  assert.match((await world.finish(['logs'], 5)).stderr, /no relay answers/)
})

test('deploy: before a claim there is nothing to steer, and wrong words are told', async () => {
  await using world = await startWorld()
  assert.match((await world.finish(['agents', 'ls'], 3)).stderr, /run provisioner up first/)
  assert.match((await world.finish(['logs'], 3)).stderr, /no relay of .* stands/)
  const wrong: readonly (readonly string[])[] = [
    ['agents'],
    ['agents', 'add'],
    ['agents', 'ls', 'more'],
    ['agents', 'drop', 'x'],
    ['logs', '--lines', '0'],
    ['agents', 'add', 'x', '--allow', 'nonsense:'],
  ]
  for (const args of wrong) {
    const { stderr } = await world.finish(args, 2)
    assert.match(stderr, /^provisioner: .*needs .*\[SP_USAGE\]$/, args.join(' '))
  }
})
