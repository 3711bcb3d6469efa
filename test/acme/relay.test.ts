// A relay that orders its certificates from pebble, which really connects to its doors: for its own address
// and for the names of its agents, by port 80 and by port 443.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import test from 'node:test'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { deadline } from '../support/deadline.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { type Pebble, ownAddress, pebblePorts, startPebble } from '../support/pebble.ts'
import { requires } from '../support/requires.ts'
import { type Program, runProgram } from '../support/run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { runAgent } from '../support/tunnel.ts'

interface World extends AsyncDisposable {
  readonly address: string
  readonly pebble: Pebble
  readonly directory: TemporaryDirectory
  readonly join: string
  /** Starts the relay, and again. */
  start(challenges: string): Promise<Program>
}

async function startWorld(): Promise<World> {
  const address = ownAddress()
  const pebble = await startPebble({ address })
  const directory = await temporaryDirectory()
  const listen = `${address}:${pebblePorts.tls}`
  await using init = runProgram('relay', [
    'init',
    '--dir',
    directory.path,
    '--host',
    address,
    '--listen',
    listen,
  ])
  await init.expectExit(0)
  await writeFile(directory.join('ca.pem'), pebble.ca)
  const programs: Program[] = []
  return {
    address,
    pebble,
    directory,
    join: init.stdout.text.trim(),
    async start(challenges) {
      const acme = { directory: pebble.directoryUrl, ca_file: directory.join('ca.pem'), challenges }
      await writeFile(directory.join('relay.yaml'), JSON.stringify({ acme }))
      const program = runProgram('relay', [
        '--dir',
        directory.path,
        '--json',
        '--http',
        `${address}:${pebblePorts.http}`,
      ])
      programs.push(program)
      await program.event('listening')
      return program
    },
    async [Symbol.asyncDispose]() {
      for (const program of programs) await program[Symbol.asyncDispose]()
      await pebble[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** The nth certificate that an authority issued to this run of the relay, or that was kept. */
async function loaded(relay: Program, name: string): Promise<void> {
  await relay.stdout.find(
    `certificate for ${name}`,
    (line) => {
      const event = JSON.parse(line) as Readonly<Record<string, unknown>>
      const isIt = event['event'] === 'certificate' && event['source'] === 'acme'
      return isIt && String(event['names']) === name ? line : undefined
    },
    30_000,
  )
}

/** A visitor who trusts pebble's root and nothing else. */
async function visit({ address, pebble }: World, options: ConnectionOptions) {
  const { tls: port } = pebblePorts
  const socket = connectTls({ host: address, port, ca: pebble.root, ...options })
  await deadline(once(socket, 'secureConnect'), 10_000, 'TLS handshake')
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) throw new Error('no certificate')
  return { socket, certificate }
}

for (const challenges of ['http-01', 'tls-alpn-01']) {
  test(
    `acme: ${challenges} certifies the relay's address for six days and an agent's name`,
    requires('pebble'),
    async () => {
      await using world = await startWorld()
      const relay = await world.start(challenges)
      await loaded(relay, world.address)
      const own = await visit(world, {})
      own.socket.destroy()
      const { validToDate, validFromDate } = own.certificate
      assert.equal(Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000), 6)

      await using origin = await startOrigin(echo)
      await using agent = runAgent(world.join, [
        String(origin.port),
        '--url',
        'tls://a.example.com',
      ])
      await agent.event('ready')
      await loaded(relay, 'a.example.com')
      const { socket, certificate } = await visit(world, { servername: 'a.example.com' })
      socket.write('hello')
      const [answer] = (await deadline(once(socket, 'data'), 10_000, 'answer')) as [Buffer]
      assert.equal(answer.toString(), 'hello')
      socket.destroy()
      assert.equal(certificate.subjectAltName, 'DNS:a.example.com')

      // Nobody asked for any other name, and what is kept is closed to others and used again.
      const files = (await readdir(world.directory.join('acme'))).sort()
      assert.equal(files.length, 3)
      for (const file of files) {
        assert.equal((await stat(world.directory.join(`acme/${file}`))).mode & 0o777, 0o600)
      }
      const account = files.find((file) => file.startsWith('account'))
      const key = await readFile(world.directory.join(`acme/${account}`), 'utf8')
      assert.match(key, /PRIVATE KEY/)
      relay.signal('SIGKILL')
      await relay.exited
      const again = await world.start(challenges)
      await loaded(again, world.address)
      const seen = await visit(world, {})
      seen.socket.destroy()
      assert.equal(seen.certificate.serialNumber, own.certificate.serialNumber)
      await using status = runProgram('relay', ['status', '--dir', world.directory.path])
      await status.expectExit(0)
      assert.match(status.stdout.text, /\(acme\): good, 5 days left/)
    },
  )
}

test(
  'acme: a name that does not answer ends in a clear message, and the relay serves on',
  requires('pebble'),
  async () => {
    await using world = await startWorld()
    const relay = await world.start('http-01')
    await loaded(relay, world.address)
    // As where port 80 belongs to somebody else.
    relay.signal('SIGKILL')
    await relay.exited
    await using occupied = runProgram('relay', [
      '--dir',
      world.directory.path,
      '--json',
      '--http',
      'off',
    ])
    await occupied.event('listening')
    await using agent = runAgent(world.join, ['1', '--url', 'tls://b.example.com'])
    await agent.event('ready')
    const failed = await occupied.event('certificate-failed', 30_000)
    assert.deepEqual(failed['names'], ['b.example.com'])
    assert.match(String(failed['reason']), /offers .*http-01.* and here is none/)
    const { socket } = await visit(world, {})
    socket.destroy()
  },
)
