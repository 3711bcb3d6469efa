// TLS from the visitor to the agent: the agent orders its certificate from pebble through its own
// passthrough route, the relay passes bytes that it cannot read, and HTTP is handled as elsewhere.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import test from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Agent } from '@sallyport/agent'
import { parseJoinString, parseRouteUrl, parseTarget } from '@sallyport/protocol'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { type Pebble, ownAddress, pebblePorts, startPebble } from '../support/pebble.ts'
import { isInMemory } from '../support/process-memory.ts'
import { requires } from '../support/requires.ts'
import { type Program, runProgram } from '../support/run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const name = 'own.example.com'
const { tls: port } = pebblePorts

interface World extends AsyncDisposable {
  readonly address: string
  readonly pebble: Pebble
  readonly directory: TemporaryDirectory
  readonly relay: Program
  /** The join string. */
  readonly join: string
  startAgent(args: readonly string[]): Program
}

async function startWorld(): Promise<World> {
  const address = ownAddress()
  const pebble = await startPebble({ address })
  const directory = await temporaryDirectory()
  await writeFile(directory.join('ca.pem'), pebble.ca)
  const where = ['--dir', directory.path, '--listen', `${address}:${port}`]
  await using init = runProgram('relay', ['init', ...where, '--host', address])
  await init.expectExit(0)
  const relay = runProgram('relay', [...where, '--json'])
  await relay.event('listening')
  const agents: Program[] = []
  return {
    address,
    pebble,
    directory,
    relay,
    join: init.stdout.text.trim(),
    startAgent(args) {
      const agent = runProgram('agent', ['connect', ...args, '--json', '--web-addr', 'off'], {
        env: {
          SALLYPORT_JOIN: init.stdout.text.trim(),
          SALLYPORT_ACME_DIRECTORY: pebble.directoryUrl,
          SALLYPORT_ACME_CA_FILE: directory.join('ca.pem'),
          XDG_STATE_HOME: directory.path,
        },
      })
      agents.push(agent)
      return agent
    },
    async [Symbol.asyncDispose]() {
      for (const one of [...agents, relay]) await one[Symbol.asyncDispose]()
      await pebble[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** A request of a visitor who trusts pebble's root and nothing else. */
async function visit({ address, pebble }: World, path: string, body: string) {
  const options = { host: address, port, servername: name, ca: pebble.root, agent: false }
  const asking = request({ ...options, method: 'POST', path, headers: { host: name } })
  asking.end(body)
  const [response] = (await deadline(once(asking, 'response'), 20_000, 'response')) as [
    IncomingMessage,
  ]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, text, forwarded: response.headers['x-seen-proto'] }
}

const startEcho = () =>
  startServer((asked, answer) => {
    answer.setHeader('x-seen-proto', String(asked.headers['x-forwarded-proto']))
    asked.pipe(answer)
  })

test(
  'acme: an agent ends TLS itself, and the relay never holds what its visitor said',
  requires('pebble'),
  async () => {
    await using world = await startWorld()
    const origin = await startEcho()
    try {
      const args = [String(origin.port), '--url', `passthrough://${name}`, '--certificate', 'auto']
      const agent = world.startAgent(args)
      await agent.event('ready')
      // One who comes before the certificate waits for it.
      const canary = `canary-${randomBytes(16).toString('hex')}`
      const early = await visit(world, '/first', canary)
      assert.deepEqual(early, { status: 200, text: canary, forwarded: 'https' })
      const told = await agent.event('certificate')
      assert.match(String(told['account']), /^https:.*\/my-account\//)
      assert.equal(await isInMemory(world.relay.pid, canary), false)
      assert.equal(await isInMemory(agent.pid, canary), true)

      // HTTP/2 too.
      const client = connectHttp2(`https://${name}:${port}`, {
        createConnection: () =>
          connectTls({
            host: world.address,
            port,
            servername: name,
            ca: world.pebble.root,
            ALPNProtocols: ['h2'],
          }),
      })
      client.on('error', () => {})
      const stream = client.request({ ':method': 'POST', ':path': '/second' })
      stream.end('over h2')
      let text = ''
      for await (const chunk of stream) text += String(chunk)
      assert.equal(text, 'over h2')
      client.close()

      // The next run has it already.
      agent.signal('SIGTERM')
      await agent.expectExit(0)
      const again = world.startAgent(args)
      await again.event('certificate')
      const much = randomBytes(4 * 1024 * 1024).toString('hex')
      assert.equal((await visit(world, '/third', much)).text, much)
      const orders = world.pebble.program.stdout.all.filter((line) => line.includes('/order-plz'))
      assert.equal(orders.length, 1, orders.join('\n'))
    } finally {
      origin.close()
      origin.closeAllConnections()
    }
  },
)

test(
  'acme: the memory of the relay does hold what passes an https route, so that the test above can see it',
  requires('pebble'),
  async () => {
    await using world = await startWorld()
    const canary = `canary-${randomBytes(16).toString('hex')}`
    const origin = createServer((asked, answer) => {
      // Half of an answer, so that the visit stands while the memory is read.
      asked.resume()
      answer.write(canary)
    })
    await once(origin.listen(0, '127.0.0.1'), 'listening')
    try {
      const { port: originPort } = origin.address() as { port: number }
      const agent = world.startAgent([String(originPort), '--url', `https://${name}`])
      await agent.event('ready')
      const socket = connectTls({
        host: world.address,
        port,
        servername: name,
        rejectUnauthorized: false,
      })
      socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`)
      let seen = ''
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.on('data', (chunk) => {
        seen += String(chunk)
        if (seen.includes(canary)) resolve()
      })
      await deadline(promise, 20_000, 'the canary')
      assert.equal(await isInMemory(world.relay.pid, canary), true)
      socket.destroy()
    } finally {
      origin.closeAllConnections()
      origin.close()
    }
  },
)

test(
  'acme: who looks on at the agent sees the request in the clear',
  requires('pebble'),
  async () => {
    await using world = await startWorld()
    const origin = await startEcho()
    const seen: string[] = []
    const files = new Map<string, string>()
    const agent = new Agent(
      {
        join: parseJoinString(world.join, 'relay init'),
        routes: [
          {
            url: parseRouteUrl(`passthrough://${name}`, 'test'),
            origin: parseTarget(String(origin.port), 'test'),
            endsTls: true,
          },
        ],
        certificates: {
          directory: { url: world.pebble.directoryUrl, isPublic: false },
          ca: world.pebble.ca,
          vault: {
            read: async (file) => files.get(file),
            write: async (file, text) => void files.set(file, text),
          },
        },
        channelTimeoutSeconds: 100,
        connections: 1,
        retry: true,
        software: 'test',
      },
      {
        tapOf: () => ({
          begin({ method, target }) {
            seen.push(`${method} ${target}`)
            return undefined
          },
        }),
      },
    )
    agent.start()
    try {
      await deadline(
        new Promise((resolve) => agent.on('certificate', resolve)),
        30_000,
        'certificate',
      )
      assert.equal((await visit(world, '/seen', 'x')).text, 'x')
      assert.deepEqual(seen, ['POST /seen'])
      assert.equal(files.size, 2)
    } finally {
      await agent.destroy()
      origin.closeAllConnections()
      origin.close()
    }
  },
)

test('acme: --certificate without a passthrough route says what is missing', async () => {
  await using program = runProgram('agent', ['connect', '3000', '--certificate', 'auto'], {
    env: { SALLYPORT_JOIN: 'x' },
  })
  await program.expectExit(2)
  assert.match(program.stderr.text, /--certificate.*needs a --url passthrough:\/\/NAME beside it/)
})
