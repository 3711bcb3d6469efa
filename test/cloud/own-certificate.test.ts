// KEY_FILE and CERT_FILE: the key travels over the claimed connection only, is the relay's from the
// first visit on, and a renewed certificate of the same key is delivered again.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { once } from 'node:events'
import test from 'node:test'
import { agentAlpn, matchesPin, parseJoinString, parseToken } from '@sallyport/protocol'
import { callRelay, type DeployCall } from '../../packages/provisioner/src/deploy-call.ts'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { type CloudWorld, relayPort, startCloudWorld } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { retry } from '../support/retry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('relay-bundle.mjs')
await buildRelayBundle(bundle)

/** An authority of these tests, and certificates of it. */
const openssl = (...args: readonly string[]): void =>
  void execFileSync('openssl', args, { cwd: build.path, stdio: 'ignore' })
const p256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
openssl('req', ...p256, '-keyout', 'ca.key', '-x509', '-out', 'ca.crt', '-subj', '/CN=Authority')

function makeKey(name: string): string {
  openssl(
    'req',
    ...p256,
    '-keyout',
    name,
    '-out',
    `${name}.csr`,
    '-subj',
    '/CN=tunnel',
    '-addext',
    'subjectAltName=DNS:tunnel.dev.example.com',
  )
  return readFileSync(build.join(name), 'utf8')
}

function issue(keyName: string): string {
  const issuer = [
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-copy_extensions',
    'copy',
  ]
  openssl('x509', '-req', '-in', `${keyName}.csr`, ...issuer, '-out', 'leaf.crt', '-days', '2')
  return readFileSync(build.join('leaf.crt'), 'utf8')
}

const own = { key: makeKey('own.key'), certificate: issue('own.key') }

async function startWorld(): Promise<CloudWorld> {
  const world = await startCloudWorld({ hasDomain: true, env: { SALLYPORT_RELAY_BUNDLE: bundle } })
  const [key, certificate] = ['own.key', 'own.crt'].map((name) => world.directory.join(name))
  Object.assign(world.env, { KEY_FILE: key, CERT_FILE: certificate })
  writeFileSync(key ?? '', own.key, { mode: 0o600 })
  writeFileSync(certificate ?? '', own.certificate)
  return world
}

/** What a visitor who checks nothing is shown. */
async function shown(world: CloudWorld, alpn = 'http/1.1') {
  const host = world.fake.world.addresses[0]?.publicAddress ?? ''
  const ALPNProtocols = [alpn]
  const socket = connect({ host, port: relayPort, ALPNProtocols, rejectUnauthorized: false })
  await deadline(once(socket, 'secureConnect'), 15_000, 'handshake')
  const certificate = socket.getPeerX509Certificate() ?? assert.fail('no certificate')
  socket.destroy()
  return certificate
}

test('own certificate: delivered at the claim, renewed, replaced, or asked for by a request', async () => {
  await using world = await startWorld()
  const up = await world.finish(['up', '--json', '--verbose'])
  const certificate = await shown(world)
  assert.equal(certificate.toString().trim(), own.certificate.trim())
  const join = parseJoinString(String(world.state()['joinString']), 'state')
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  assert.ok(matchesPin(join.pin, spki), 'agents pin it')

  const [instance] = world.live()
  const machine = world.cloud.machines.get(instance?.id ?? '') ?? assert.fail('no machine')
  const file = `${machine.root}/var/lib/sallyport-relay/tls.key`
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const places = {
    'user-data': instance?.userData ?? '',
    requests: JSON.stringify(world.fake.calls),
    state: JSON.stringify(world.state()),
    output: up.stdout + up.stderr,
    console: machine.console(),
  }
  const secret = own.key.split('\n').find((line) => line.length === 64) ?? assert.fail('key')
  for (const [place, text] of Object.entries(places)) {
    assert.ok(!text.includes(secret), `${place} holds the key`)
    assert.ok(!text.includes('PRIVATE KEY'), `${place} holds a key`)
  }

  // The machine is switched off and on: the same key.
  await machine.reboot()
  assert.equal((await retry(() => shown(world))).toString(), certificate.toString())

  // Renewed, it comes with the next up, without another instance.
  const renewed = issue('own.key')
  writeFileSync(world.env['CERT_FILE'] ?? '', renewed)
  await world.finish(['up'])
  assert.equal((await shown(world)).toString().trim(), renewed.trim())
  assert.equal(world.fake.world.instances.length, 1)

  // Another key with its certificate: visitors get it at once, agents keep the key that they pin.
  const before = world.state()['joinString']
  writeFileSync(world.env['KEY_FILE'] ?? '', makeKey('other.key'))
  const other = issue('other.key')
  writeFileSync(world.env['CERT_FILE'] ?? '', other)
  await world.finish(['up'])
  assert.equal((await shown(world)).toString().trim(), other.trim())
  assert.equal(world.state()['joinString'], before)
  assert.equal((await shown(world, agentAlpn)).toString().trim(), renewed.trim())

  // A key that never leaves the relay: a request, and the certificate for it.
  using call = await callRelayOf(world)
  const { body } = await call.ask({
    do: 'csr',
    names: ['tunnel.dev.example.com', '*.dev.example.com'],
  })
  writeFileSync(build.join('relay.csr'), body)
  const issued = issue('relay')
  assert.match(new X509Certificate(issued).subjectAltName ?? '', /DNS:\*\.dev\.example\.com/)
  await call.ask({ do: 'certificate' }, Buffer.from(issued))
  assert.equal((await shown(world)).toString().trim(), issued.trim())
  const stray = call.ask({ do: 'certificate' }, Buffer.from(issue('other.key')))
  await assert.rejects(stray, { code: 'SP_CONFIG' })
  await assert.rejects(call.ask({ do: 'csr', names: ['no name'] }), { code: 'SP_CONFIG' })
})

function callRelayOf(world: CloudWorld): Promise<DeployCall> {
  const state = world.state() as { claim: { deployKey: string; spki: string }; address: string }
  return callRelay({
    address: state.address,
    port: relayPort,
    spki: state.claim.spki,
    deployKey: parseToken(state.claim.deployKey, 'state file'),
    signal: AbortSignal.timeout(20_000),
  })
}
