// The relay's deploy door over real TLS: who has no deploy key learns nothing, what is malformed ends
// the caller alone, and who has the key steers the relay (docs/protocol.md §12).
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import test from 'node:test'
import { type TLSSocket, connect } from 'node:tls'
import {
  type AgentKey,
  DeployFrameReader,
  agentProof,
  deployAlpn,
  deployExporterLabel,
  deployProof,
  encodeDeployFrame,
  errorCodeOfClose,
  exporterBytes,
  exporterLabel,
  generateAgentKey,
  isSallyportError,
  maxDeployBodyBytes,
} from '@sallyport/protocol'
import { type DeployCall, callRelay } from '../../packages/provisioner/src/deploy-call.ts'
import { answerDeploy } from '../../packages/relay/src/deploy-service.ts'
import { LogRing } from '../../packages/relay/src/log-ring.ts'
import { StateDirectory } from '../../packages/relay/src/state-directory.ts'
import { maxDeploySockets } from '../../packages/relay/src/limits.ts'
import { connectBareAgent } from '../support/bare-agent.ts'
import { deadline, until } from '../support/deadline.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { readToClose } from '../support/neighbourhood.ts'

const deployKey = generateAgentKey()
const options = {
  // Nothing of what is asked here is kept.
  state: new StateDirectory('/nowhere'),
  deployKey: deployKey.publicKey,
  boot: 1,
  reload: async () => {},
  restart: () => assert.fail('nobody asked for a new start'),
}

function startRelay(logRing = new LogRing(() => new Date(0))): Promise<InProcessRelay> {
  return startInProcessRelay({
    deploy: {
      publicKey: deployKey.publicKey,
      answer: (relay, request, body) => answerDeploy(relay, request, body, { ...options, logRing }),
    },
  })
}

async function dial(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    ALPNProtocols: [deployAlpn],
    rejectUnauthorized: false,
    ...options,
  })
  await deadline(once(socket, 'secureConnect'), 5_000, 'handshake with the deploy door')
  socket.on('error', () => {})
  return socket
}

function proofOf(socket: TLSSocket, key: AgentKey = deployKey, label = deployExporterLabel) {
  const exporter = socket.exportKeyingMaterial(exporterBytes, label, Buffer.alloc(0))
  return key.sign(deployProof(exporter))
}

async function call(relay: InProcessRelay, key = deployKey, spki?: string): Promise<DeployCall> {
  return callRelay({
    address: '127.0.0.1',
    port: relay.port,
    deployKey: key,
    spki: spki ?? (await shownKey(relay)),
    signal: AbortSignal.timeout(10_000),
  })
}

/** What the claim would have noted. */
async function shownKey(relay: InProcessRelay): Promise<string> {
  const socket = await dial(relay.port)
  const { publicKey } = socket.getPeerX509Certificate() ?? assert.fail('no certificate')
  socket.destroy()
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')
}

test('deploy door: a relay without a deploy key has none', async () => {
  await using relay = await startInProcessRelay()
  const socket = connect({
    port: relay.port,
    host: '127.0.0.1',
    ALPNProtocols: [deployAlpn],
    rejectUnauthorized: false,
  })
  const [error] = await until(socket, 'error')
  assert.ok(error instanceof Error && 'code' in error)
  assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
})

test('deploy door: TLS 1.2 is refused', async () => {
  await using relay = await startRelay()
  const socket = connect({
    port: relay.port,
    host: '127.0.0.1',
    ALPNProtocols: [deployAlpn],
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  })
  await deadline(once(socket, 'error'), 5_000, 'refusal')
})

test('deploy door: every wrong proof is hung up on without a byte', async () => {
  await using relay = await startRelay()
  const other = await dial(relay.port)
  const stranger = generateAgentKey()
  const status = encodeDeployFrame({ do: 'status' })
  const wrong: Readonly<Record<string, (socket: TLSSocket) => Buffer>> = {
    'another key': (socket) => proofOf(socket, stranger),
    "an agent's key, which the relay knows": (socket) => proofOf(socket, relay.key),
    'a proof of another connection': () => proofOf(other),
    "the agent door's exporter": (socket) => proofOf(socket, deployKey, exporterLabel),
    "the agent door's words": (socket) => {
      const exporter = socket.exportKeyingMaterial(
        exporterBytes,
        deployExporterLabel,
        Buffer.alloc(0),
      )
      return deployKey.sign(agentProof(exporter))
    },
    noise: () => randomBytes(64),
    'a question instead of a proof': () => Buffer.concat([status, status, status]),
  }
  for (const [name, proof] of Object.entries(wrong)) {
    const socket = await dial(relay.port)
    socket.write(Buffer.concat([proof(socket), status]))
    assert.equal(await readToClose(socket), '', name)
  }
  other.destroy()
  await relay.event('refusal', ({ event }) => event === 'deploy-refused')
})

test('deploy door: who says nothing, or half a proof, is cut off', async () => {
  await using relay = await startInProcessRelay({
    admissionTimeoutMs: 300,
    deploy: { publicKey: deployKey.publicKey, answer: () => Promise.reject(new Error('asked')) },
  })
  const silent = await dial(relay.port)
  const half = await dial(relay.port)
  half.write(proofOf(half).subarray(0, 63))
  assert.deepEqual(await Promise.all([readToClose(silent), readToClose(half)]), ['', ''])
})

/** What the relay answers to bytes after a good proof, until it hangs up. */
async function hear(relay: InProcessRelay, bytes: Buffer) {
  const socket = await dial(relay.port)
  const heard: Buffer[] = []
  socket.on('data', (chunk: Buffer) => heard.push(chunk))
  const closed = once(socket, 'close')
  socket.write(Buffer.concat([proofOf(socket), bytes]))
  await deadline(closed, 5_000, 'end of the connection')
  return new DeployFrameReader().push(Buffer.concat(heard)).map(({ head }) => head)
}

test('deploy door: what is no question ends its caller with one line, and nobody else', async () => {
  await using relay = await startRelay()
  const tooLong = Buffer.alloc(8)
  tooLong.writeUInt32BE(2, 0)
  tooLong.writeUInt32BE(maxDeployBodyBytes + 1, 4)
  for (const bytes of [
    Buffer.from('ffffffff00000000', 'hex'),
    Buffer.from('0000000000000000', 'hex'),
    tooLong,
    Buffer.from('000000020000000022ff', 'hex'),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ]) {
    const [reply, ...more] = await hear(relay, bytes)
    assert.deepEqual(more, [])
    assert.match(JSON.stringify(reply), /^\{"ok":false,"code":"SP_PROTOCOL",/)
  }
  using good = await call(relay)
  assert.equal((await good.ask({ do: 'status' })).reply.status?.['state'], 'serving')
})

test('deploy door: a question that it does not know is refused, and the next one answered', async () => {
  await using relay = await startRelay()
  const socket = await dial(relay.port)
  const unknown = encodeDeployFrame({ do: 'format-disk' })
  socket.write(Buffer.concat([proofOf(socket), unknown, encodeDeployFrame({ do: 'agents-ls' })]))
  const reader = new DeployFrameReader()
  const heads: unknown[] = []
  while (heads.length < 2) {
    const [chunk] = await until(socket, 'data')
    heads.push(...reader.push(chunk as Buffer).map(({ head }) => head))
  }
  assert.match(JSON.stringify(heads[0]), /SP_PROTOCOL/)
  assert.match(JSON.stringify(heads[1]), /"ok":true,"agents":\[\{"name":"first"/)
  socket.destroy()
})

test('deploy door: more proven callers than a few are turned away', async () => {
  await using relay = await startRelay()
  const callers: TLSSocket[] = []
  const status = encodeDeployFrame({ do: 'status' })
  for (let index = 0; index < maxDeploySockets; index++) {
    const socket = await dial(relay.port)
    socket.write(Buffer.concat([proofOf(socket), status]))
    await until(socket, 'data')
    callers.push(socket)
  }
  const further = await dial(relay.port)
  further.write(Buffer.concat([proofOf(further), status]))
  assert.equal(await readToClose(further), '')
  for (const socket of callers) socket.destroy()
})

test('deploy door: agents are added, listed and removed; a removed one loses its session', async () => {
  await using relay = await startRelay()
  using door = await call(relay)
  const key = generateAgentKey()
  const publicKey = key.publicKey.toString('base64url')
  const add = { do: 'agents-add', name: 'second', publicKey, allow: 'tcp:20000-32000' } as const
  const { reply } = await door.ask(add)
  assert.deepEqual(
    reply.agents?.map(({ name, allow }) => [name, allow]),
    [
      ['first', '*'],
      ['second', 'tcp:20000-32000'],
    ],
  )
  await using agent = await connectBareAgent({ port: relay.port, key })
  await agent.register(['tcp://:0'])
  await assert.rejects(door.ask(add), { code: 'SP_USAGE', message: /exists already/ })
  const status = (await door.ask({ do: 'status' })).body.toString()
  assert.match(status, /agent second \(tcp:20000-32000\): 1 sessions/)

  await door.ask({ do: 'agents-rm', name: 'second' })
  const { closeCode = 0 } = await deadline(agent.closed, 5_000, 'end of the session')
  assert.equal(errorCodeOfClose(closeCode), 'SP_KEY_REFUSED')
  await assert.rejects(door.ask({ do: 'agents-rm', name: 'second' }), { code: 'SP_USAGE' })
})

test('deploy door: the caller holds the key that answers against the one of the claim', async () => {
  await using relay = await startRelay()
  const stranger = randomBytes(91).toString('base64url')
  await assert.rejects(call(relay, deployKey, stranger), { code: 'SP_PIN_MISMATCH' })
  using unknown = await call(relay, generateAgentKey())
  await assert.rejects(unknown.ask({ do: 'status' }), { code: 'SP_UNREACHABLE' })
})

test('deploy door: the log hands out its last lines', async () => {
  const logRing = new LogRing(() => new Date(0))
  for (let index = 0; index < 5; index++) logRing.add(`line ${index}\n`)
  await using relay = await startRelay(logRing)
  using door = await call(relay)
  const { body } = await door.ask({ do: 'logs', lines: 2 })
  const time = '1970-01-01T00:00:00.000Z'
  assert.equal(body.toString(), `${time} line 3\n${time} line 4\n`)
})

test('deploy door: an answer that fails for a reason of its own tells nothing of it', async () => {
  await using relay = await startInProcessRelay({
    deploy: {
      publicKey: deployKey.publicKey,
      answer: () => Promise.reject(new Error('the secret path of a stack trace')),
    },
  })
  using door = await call(relay)
  await assert.rejects(door.ask({ do: 'status' }), (error: unknown) => {
    assert.ok(isSallyportError(error))
    return error.code === 'SP_INTERNAL' && !error.message.includes('secret')
  })
})
