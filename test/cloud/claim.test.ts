// Stage 0 against everybody who is not its provisioner, byte by byte over real TLS: they get nothing,
// spend nothing, and the right one still gets its instance.
import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { agentAlpn, type AgentKey, generateAgentKey } from '@sallyport/protocol'
import { launcherSource, stage0Source } from '../../packages/provisioner/src/stage0-source.ts'
import { nodeRelease } from '../../packages/provisioner/src/node-release.ts'
import { createUserData } from '../../packages/provisioner/src/user-data.ts'
import { claimInstance } from '../../packages/provisioner/src/claim.ts'
import { readExactly } from '../../packages/provisioner/src/claim-socket.ts'
import { relayPort, standInRelay } from '../support/cloud-world.ts'
import { deadline } from '../support/deadline.ts'
import { ProcessMachine } from '../support/machine/process-machine.ts'
import { readFileSync, rmSync } from 'node:fs'

const label = 'EXPERIMENTAL-sallyport-claim-1'
let host = 1

interface Fresh extends AsyncDisposable {
  readonly address: string
  readonly deployKey: AgentKey
  readonly secret: string
  readonly machine: ProcessMachine
}

async function bootFresh(): Promise<Fresh> {
  const address = `127.63.${process.pid % 250}.${host++}`
  const deployKey = generateAgentKey()
  const secret = randomBytes(32).toString('base64url')
  const userData = createUserData({
    relayPort,
    deployKey: deployKey.publicKey,
    secret,
    stage0: stage0Source(),
    launcher: launcherSource(),
    node: nodeRelease,
  })
  const machine = new ProcessMachine({ userData, address })
  await machine.boot()
  return {
    address,
    deployKey,
    secret,
    machine,
    [Symbol.asyncDispose]: async () => machine.dispose(),
  }
}

/** Dials until stage 0 listens. */
async function dial({ address }: Fresh, alpn = 'sallyport-claim/1'): Promise<TLSSocket> {
  const until = performance.now() + 10_000
  while (performance.now() < until) {
    const socket = connect({
      host: address,
      port: relayPort,
      ALPNProtocols: [alpn],
      rejectUnauthorized: false,
    })
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.on('error', () => {})
    if (isUp) return socket
    await delay(20)
  }
  throw new Error('stage 0 does not listen')
}

/** Everything that the other end says until it hangs up. */
async function hearOut(socket: TLSSocket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await deadline(closed, 5_000, 'end of the connection')
  return Buffer.concat(chunks)
}

const bundle = readFileSync(standInRelay)
const configuration = Buffer.from(
  JSON.stringify({
    files: [{ name: 'relay.json', mode: 0o644, text: '{"host":"it"}' }],
    certificate: { names: ['it'], addresses: [], organization: 'it', email: '' },
  }),
)
const digest = createHash('sha256').update(bundle).update(configuration).digest()

function proofOf(key: AgentKey, socket: TLSSocket, signed = digest): Buffer {
  const exporter = socket.exportKeyingMaterial(32, label, Buffer.alloc(0))
  return key.sign(Buffer.concat([Buffer.from('claim'), exporter, signed]))
}

function frame(one: Buffer, other: Buffer): Buffer {
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(one.length, 0)
  lengths.writeUInt32BE(other.length, 4)
  return Buffer.concat([lengths, one, other])
}

async function claim(fresh: Fresh): Promise<string> {
  let spki = ''
  await claimInstance(
    {
      address: fresh.address,
      port: relayPort,
      pollSeconds: 0.02,
      claimSeconds: 10,
      signal: AbortSignal.timeout(15_000),
      isRunning: async () => true,
      consoleTail: async () => fresh.machine.console(),
    },
    {
      deployKey: fresh.deployKey,
      secret: fresh.secret,
      bundle,
      configuration,
      spki: undefined,
      note: (shown) => (spki = shown),
    },
  )
  return spki
}

const isClaimed = (fresh: Fresh) => fresh.machine.read('var/lib/sallyport/claimed') !== ''

test('claim: others get nothing and spend nothing; the provisioner still claims', async () => {
  await using fresh = await bootFresh()
  const attempts: Record<string, (socket: TLSSocket) => Buffer> = {
    'another key': (socket) => Buffer.concat([digest, proofOf(generateAgentKey(), socket)]),
    'a proof of another connection': () => Buffer.concat([digest, fresh.deployKey.sign(digest)]),
    noise: () => randomBytes(96),
    'another digest than the signed one': (socket) =>
      Buffer.concat([randomBytes(32), proofOf(fresh.deployKey, socket)]),
    'a proof for an agent': (socket) => {
      const exporter = socket.exportKeyingMaterial(32, label, Buffer.alloc(0))
      const words = Buffer.from('sallyport/1 agent')
      return Buffer.concat([digest, fresh.deployKey.sign(Buffer.concat([words, exporter]))])
    },
    HTTP: () => Buffer.from(`GET / HTTP/1.1\r\nHost: it\r\n\r\n${' '.repeat(80)}`),
  }
  for (const [what, proof] of Object.entries(attempts)) {
    const socket = await dial(fresh)
    const heard = hearOut(socket)
    socket.write(proof(socket))
    assert.equal((await heard).length, 0, what)
  }
  // K alone answers nothing: it is the instance's proof, not a key to it.
  const withSecret = await dial(fresh)
  const heard = hearOut(withSecret)
  const exporter = withSecret.exportKeyingMaterial(32, label, Buffer.alloc(0))
  const hmac = createHmac('sha256', Buffer.from(fresh.secret, 'base64url')).update(exporter)
  withSecret.write(Buffer.concat([digest, hmac.digest(), randomBytes(32)]))
  assert.equal((await heard).length, 0)

  assert.equal(isClaimed(fresh), false)
  await claim(fresh)
  assert.equal(isClaimed(fresh), true)
})

test('claim: after 15 minutes an unclaimed machine ends itself, and a claimed one does not', async () => {
  await using fresh = await bootFresh()
  const { machine } = fresh
  const timer = machine.log().find((line) => line.includes('--unit=sallyport-unclaimed'))
  const [, what = ''] = /^systemd-run --on-active=900 .* \/bin\/sh -c (.*)$/.exec(timer ?? '') ?? []
  const time = ['sh', '-c', what.replace('/var/lib', `${machine.root}/var/lib`)]
  await claim(fresh)
  await machine.command(time)
  assert.notEqual(machine.log().at(-1), 'poweroff')
  rmSync(`${machine.root}/var/lib/sallyport/claimed`)
  await machine.command(time)
  assert.equal(machine.log().at(-1), 'poweroff')
})

test('claim: the instance proves itself by K over this very connection', async () => {
  await using fresh = await bootFresh()
  const socket = await dial(fresh)
  socket.write(Buffer.concat([digest, proofOf(fresh.deployKey, socket)]))
  const answer = await deadline(readExactly(socket, 32), 5_000, 'answer')
  const exporter = socket.exportKeyingMaterial(32, label, Buffer.alloc(0))
  const secret = Buffer.from(fresh.secret, 'base64url')
  const right = createHmac('sha256', secret).update('relay').update(exporter).digest()
  assert.deepEqual(answer, right)
  socket.destroy()
})

test('claim: bytes other than the signed ones are not kept', async () => {
  await using fresh = await bootFresh()
  for (const index of [0, bundle.length - 1]) {
    const changed = Buffer.from(bundle)
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
    const socket = await dial(fresh)
    socket.write(Buffer.concat([digest, proofOf(fresh.deployKey, socket)]))
    await deadline(readExactly(socket, 32), 5_000, 'answer')
    const heard = hearOut(socket)
    socket.write(frame(changed, configuration))
    assert.equal((await heard).length, 0)
  }
  assert.equal(fresh.machine.read('opt/sallyport/relay.mjs'), '')
  assert.match(fresh.machine.console(), /claim refused: not the bytes that were signed/)
  await claim(fresh)
})

test('claim: lengths are judged before anything is kept', async () => {
  await using fresh = await bootFresh()
  const socket = await dial(fresh)
  socket.write(Buffer.concat([digest, proofOf(fresh.deployKey, socket)]))
  await deadline(readExactly(socket, 32), 5_000, 'answer')
  const heard = hearOut(socket)
  socket.write(Buffer.from('ffffffff00000000', 'hex'))
  assert.equal((await heard).length, 0)
  assert.match(fresh.machine.console(), /claim refused: too large/)
})

test('claim: one that breaks off at any step leaves the instance to be claimed', async () => {
  await using fresh = await bootFresh()
  const steps: ((socket: TLSSocket) => Promise<unknown>)[] = [
    async () => {},
    async (socket) => socket.write(Buffer.concat([digest, proofOf(fresh.deployKey, socket)])),
    (socket) => readExactly(socket, 32),
    async (socket) => socket.write(frame(bundle, configuration).subarray(0, 500)),
    async (socket) => socket.write(frame(bundle, configuration).subarray(500)),
    (socket) => readExactly(socket, 1),
  ]
  for (let last = 0; last < steps.length; last++) {
    const socket = await dial(fresh)
    for (const step of steps.slice(0, last + 1)) await deadline(step(socket), 5_000, 'step')
    socket.destroy()
    assert.equal(isClaimed(fresh), false, `after step ${last}`)
  }
  await claim(fresh)
  assert.equal(isClaimed(fresh), true)
})

test('claim: a second claim of a claimed instance finds the relay, not stage 0', async () => {
  await using fresh = await bootFresh()
  await claim(fresh)
  const socket = await dial(fresh, agentAlpn)
  socket.destroy()
  await fresh.machine.reboot()
  const again = await dial(fresh, agentAlpn)
  again.destroy()
  const log = fresh.machine.log()
  assert.equal(log.filter((line) => line.includes('--no-block sallyport-relay')).length, 1)
})

test('claim: the commit survives a power cut before stage 0 hands over', async () => {
  await using fresh = await bootFresh()
  const socket = await dial(fresh)
  socket.write(Buffer.concat([digest, proofOf(fresh.deployKey, socket)]))
  await deadline(readExactly(socket, 32), 5_000, 'answer')
  socket.write(frame(bundle, configuration))
  await deadline(readExactly(socket, 1), 5_000, 'staged')
  socket.write('C')
  await deadline(readExactly(socket, 1), 5_000, 'committed')
  fresh.machine.kill()
  socket.destroy()
  await fresh.machine.reboot()
  const relay = await dial(fresh, agentAlpn)
  assert.equal(relay.alpnProtocol, agentAlpn)
  relay.destroy()
})
