// Where keys may not be. A whole journey with the real relay and agent, and then a search of everything
// that anybody else gets to read: user-data (unpacked), requests, tags, command lines, logs, the console.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parseJoinString } from '@sallyport/protocol'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { startCloudWorld } from '../support/cloud-world.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('relay-bundle.mjs')
await buildRelayBundle(bundle)

/** The files of a cloud-config, by name. */
function unpack(userData: string): Readonly<Record<string, string>> {
  const config = JSON.parse(userData.replace('#cloud-config\n', '')) as {
    readonly write_files: readonly { readonly path: string; readonly content: string }[]
  }
  return Object.fromEntries(
    config.write_files.map(({ path, content }) => [
      path,
      gunzipSync(Buffer.from(content, 'base64')).toString(),
    ]),
  )
}

/** The command lines of all processes that run now, as `ps` shows them to anybody. */
function commandLines(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : []
    } catch {
      // Ended meanwhile.
      return []
    }
  })
}

test('secrets: none where others read, and whatever holds one is closed to them', async () => {
  const awsKey = 'canary/secret/key/of/aws'
  const env = { AWS_SECRET_KEY: awsKey, SALLYPORT_RELAY_BUNDLE: bundle }
  await using world = await startCloudWorld({ env })
  await using up = world.run(['up', '--json', '--verbose'])
  const seen = new Set<string>()
  world.fake.onDone = () => {
    for (const line of commandLines()) seen.add(line)
  }
  await up.expectExit(0)
  const [instance] = world.live()
  const machine = world.cloud.machines.get(instance?.id ?? '') ?? assert.fail('no machine')
  const state = world.state()
  const claim = state['claim'] as { readonly deployKey: string; readonly secret?: string }
  const added = await world.finish(['agents', 'add', 'second'])
  const joinFile = world.directory.join('server_info.join')
  await using agent = runProgram('agent', ['connect', '3000', '-v'], {
    env: { SALLYPORT_JOIN_FILE: joinFile },
  })
  await agent.errorLine(/agent: https:/)
  for (const line of commandLines()) seen.add(line)
  const logs = await world.finish(['logs', '--lines', '1000'])
  const status = await world.finish(['status', '--json'])

  const files = unpack(instance?.userData ?? '')
  const { secret: claimSecret } = JSON.parse(files['/opt/sallyport/stage0.json'] ?? '') as {
    readonly secret: string
  }
  const lines = [...seen].join('\n')
  assert.ok(lines.includes(machine.root), "the machine's processes were seen")
  assert.match(logs.stdout, /agent first joined/)
  const places: Readonly<Record<string, string>> = {
    'user-data': `${instance?.userData}${Object.values(files).join('\n')}`,
    requests: JSON.stringify(world.fake.calls),
    tags: JSON.stringify(instance?.tags),
    'command lines': lines,
    'asked of systemd': machine.log().join('\n'),
    logs: logs.stdout,
    console: machine.console(),
    status: status.stdout,
    'output of up': up.stdout.text + up.stderr.text,
    'output of the agent': agent.stdout.text + agent.stderr.text,
    'agent keys': machine.read('var/lib/sallyport-relay/agents.json'),
  }
  const tlsKey = machine.read('var/lib/sallyport-relay/tls.key').split('\n')[1] ?? ''
  const secrets: Readonly<Record<string, string>> = {
    'AWS key': awsKey,
    'first agent’s token': String(state['agentToken']),
    'second agent’s token': parseJoinString(added.stdout, 'stdout').key.token.reveal(),
    'deploy key': claim.deployKey,
    'claim secret': claimSecret,
    'TLS key': tlsKey,
  }
  for (const [what, secret] of Object.entries(secrets)) {
    assert.ok(secret.length > 20, what)
    const bare = secret.replace(/^sp1_/, '')
    const forms = [bare, Buffer.from(secret).toString('base64'), encodeURIComponent(bare)]
    for (const [place, content] of Object.entries(places)) {
      // It lies there until the claim, and is worth nothing after it.
      if (what === 'claim secret' && place === 'user-data') continue
      for (const form of forms) assert.ok(!content.includes(form), `${place}: ${what}`)
    }
  }

  // Forgotten here as well once it is worth nothing.
  assert.equal(claim.secret, undefined)
  assert.equal((state['launch'] as { readonly userData: string }).userData, '')
  const directory = `${machine.root}/var/lib/sallyport-relay`
  const kept = ['tls.key', 'agents.json', 'log.txt'].map((name) => `${directory}/${name}`)
  for (const file of [world.stateFile, joinFile, ...kept]) {
    assert.equal(statSync(file).mode & 0o777, 0o600, file)
  }
})
