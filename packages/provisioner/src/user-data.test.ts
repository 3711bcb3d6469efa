import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { generateAgentKey } from '@sallyport/protocol'
import { nodeRelease } from './node-release.ts'
import { launcherSource, stage0Source } from './stage0-source.ts'
import { createUserData } from './user-data.ts'

const deploy = generateAgentKey()
const secret = randomBytes(32).toString('base64url')
const options = {
  relayPort: 443,
  deployKey: deploy.publicKey,
  secret,
  stage0: stage0Source(),
  launcher: launcherSource(),
  node: nodeRelease,
}
const text = createUserData(options)

interface Config {
  readonly bootcmd: readonly (readonly string[])[]
  readonly write_files: readonly { readonly path: string; readonly content: string }[]
  readonly runcmd: readonly (readonly string[])[]
}
const config = JSON.parse(text.replace('#cloud-config\n', '')) as Config
const files = new Map(
  config.write_files.map((one) => [
    one.path,
    gunzipSync(Buffer.from(one.content, 'base64')).toString(),
  ]),
)

test('user-data: ssh is shut out before anything else is done', () => {
  assert.deepEqual(config.bootcmd[0], [
    'systemctl',
    'mask',
    '--now',
    '--no-block',
    'ssh.service',
    'ssh.socket',
  ])
})

test('user-data: a time to live goes by the clock, so that a reboot does not begin it anew', () => {
  const mortal = createUserData({ ...options, endsAt: 1_800_000_000 })
  const { bootcmd } = JSON.parse(mortal.replace('#cloud-config\n', '')) as Config
  assert.match(
    bootcmd.at(-1)?.at(-1) ?? '',
    /-ge 1800000000 \]; then systemctl poweroff; else systemd-run --on-calendar=@1800000000 /,
  )
})

test('user-data: a machine ends for being idle only where that was asked for', () => {
  const watchOf = (made: string): string => {
    const { write_files: written } = JSON.parse(made.replace('#cloud-config\n', '')) as Config
    const content = written.find((one) => one.path.endsWith('watch.sh'))?.content ?? ''
    return gunzipSync(Buffer.from(content, 'base64')).toString()
  }
  assert.doesNotMatch(watchOf(text), /poweroff|idle/)
  const idle = watchOf(createUserData({ ...options, idleMinutes: 720 }))
  assert.match(idle, /^! old active 720 \|\| systemctl poweroff$/m)
})

test('user-data: nothing that runs before the boot is done waits for it', () => {
  const mortal = createUserData({ ...options, endsAt: 1_800_000_000 })
  const { bootcmd } = JSON.parse(mortal.replace('#cloud-config\n', '')) as Config
  const early = bootcmd.map((command) => command.join(' '))
  assert.equal(early.length, 4)
  // A job that is waited for, of a unit ordered after this stage, would hang the machine for good.
  for (const line of early) {
    assert.match(line, /^systemctl mask --now --no-block|systemd-run .* &( fi)?$/)
  }
})

test('user-data: leaves a third of what EC2 takes', () => {
  assert.ok(Buffer.byteLength(text) < 10_240, `${Buffer.byteLength(text)} bytes`)
})

test('user-data: more than EC2 takes is refused at build time', () => {
  const stage0 = randomBytes(16_384).toString('hex')
  assert.throws(() => createUserData({ ...options, stage0 }), /EC2 takes 16384/)
})

test('user-data: the claim secret is the only secret in it', () => {
  const all = text + [...files.values()].join('\n')
  for (const form of [deploy.token.reveal(), deploy.token.reveal().slice(4, 40)]) {
    assert.equal(all.includes(form), false)
  }
  assert.doesNotMatch(all, /PRIVATE KEY|sp1_|AKIA/)
  // Whatever else looks random is a public key or the hash of a public file.
  const known = new Set<string>([
    secret,
    deploy.publicKey.toString('base64url'),
    ...Object.values(nodeRelease.sha256),
  ])
  const random = [...files.values()].flatMap((one) => one.match(/[\w-]{40,}/g) ?? [])
  assert.deepEqual(
    random.filter((one) => !known.has(one)),
    [],
  )
})

test('user-data: a path whose limits nobody tells does not stop a visitor', () => {
  assert.equal(files.get('/etc/sysctl.d/60-sallyport.conf'), 'net.ipv4.tcp_mtu_probing = 1\n')
  assert.deepEqual(config.runcmd[0], ['sysctl', '-p', '/etc/sysctl.d/60-sallyport.conf'])
})

test('user-data: Node and the units are on the disk before anybody can claim the machine', () => {
  assert.deepEqual(config.runcmd.slice(-2), [
    ['sync'],
    ['systemctl', 'start', '--no-block', 'sallyport-stage0.service'],
  ])
})

test('user-data: equal inputs give equal text, so that a launch can be repeated', () => {
  const digest = (one: string) => createHash('sha256').update(one).digest('hex')
  assert.equal(digest(createUserData(options)), digest(text))
})

test('user-data: the relay’s unit has one capability, no metadata, and its own directory', () => {
  const unit = files.get('/etc/systemd/system/sallyport-relay.service') ?? ''
  for (const line of [
    'ConditionPathExists=/var/lib/sallyport/claimed',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'IPAddressDeny=169.254.169.254/32',
    'DynamicUser=yes',
    'ProtectSystem=strict',
    'NoNewPrivileges=yes',
    'MemoryMax=80%',
    'Restart=always',
  ]) {
    assert.ok(unit.split('\n').includes(line), line)
  }
})
