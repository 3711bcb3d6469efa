import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import test from 'node:test'
import { type JoinString, parseJoinString } from '@sallyport/protocol'
import { deadline } from '../../../test/support/deadline.ts'
import { FakeProcess } from '../../../test/support/fake-process.ts'
import {
  type TemporaryDirectory,
  temporaryDirectory,
} from '../../../test/support/temporary-directory.ts'
import { main } from './main.ts'

type Place = Pick<TemporaryDirectory, 'path'>

/** Runs `relay ARGS --dir D` to its end. */
async function run(
  directory: Place,
  args: readonly string[],
  exit = 0,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly out: readonly string[]; readonly err: readonly string[] }> {
  const process = new FakeProcess('/', env)
  const code = await deadline(main([...args, '--dir', directory.path], process), 5_000, 'end')
  assert.equal(code, exit, process.err.join('\n'))
  return process
}

async function init(directory: Place): Promise<JoinString> {
  const where = ['--host', '127.0.0.1', '--listen', '127.0.0.1:8443', '--tcp-ports', '2000-2100']
  const { out, err } = await run(directory, ['init', ...where])
  assert.deepEqual([out.length, err.length], [1, 0])
  return parseJoinString(out[0] ?? '', 'stdout')
}

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8)

test('relay init: prints the join string alone, and keeps what it was told', async () => {
  await using directory = await temporaryDirectory()
  const join = await init(directory)
  assert.deepEqual([join.host, join.port, join.pin.kind], ['127.0.0.1', 8443, 'sha256'])
  const files = ['agents.json', 'relay.json', 'tls.crt', 'tls.key']
  assert.deepEqual((await readdir(directory.path)).sort(), files)
  assert.equal(await modeOf(directory.join('tls.key')), '600')
  assert.equal(await modeOf(directory.join('agents.json')), '600')
  const kept: unknown = JSON.parse(await readFile(directory.join('relay.json'), 'utf8'))
  const told = { host: '127.0.0.1', listen: '127.0.0.1:8443', tcp_ports: '2000-2100' }
  assert.deepEqual(kept, { v: 1, ...told })
})

test('relay init: a second one refuses in one line and changes nothing', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  const files = ['tls.key', 'agents.json', 'relay.json'].map((name) => directory.join(name))
  const before = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const { out, err } = await run(directory, ['init'], 3)
  assert.deepEqual([out.length, err.length], [0, 1])
  assert.match(err[0] ?? '', /holds a relay already.*SP_STATE/)
  assert.deepEqual(await Promise.all(files.map((file) => readFile(file, 'utf8'))), before)
})

test('relay init: says when the join string is not good for everybody', async () => {
  for (const [args, host, why] of [
    [['--listen', ':8443'], 'localhost', /says localhost: .*--host/],
    [['--listen', '127.0.0.1:0', '--host', 'a.test'], 'a.test', /port 0/],
  ] as const) {
    await using directory = await temporaryDirectory()
    const { out, err } = await run(directory, ['init', ...args])
    assert.ok(out[0]?.includes(`@${host}:`))
    assert.match(err.join('\n'), why)
  }
})

test('relay agents: add, ls and rm work on the files when no relay runs', async () => {
  await using directory = await temporaryDirectory()
  const first = await init(directory)
  const added = await run(directory, ['agents', 'add', 'laptop', '--allow', 'a.test,tcp:2005'])
  assert.deepEqual([added.out.length, added.err.length], [1, 0])
  const join = parseJoinString(added.out[0] ?? '', 'stdout')
  assert.notEqual(join.key.keyId, first.key.keyId)
  assert.deepEqual([join.host, join.port, join.pin], [first.host, first.port, first.pin])
  const laptop = `laptop\t${join.key.keyId}\ta.test,tcp:2005`
  assert.deepEqual((await run(directory, ['agents', 'ls'])).out, [
    `first\t${first.key.keyId}\t*`,
    laptop,
  ])
  const [, json = ''] = (await run(directory, ['agents', 'ls', '--json'])).out
  const shown = { agent: 'laptop', key: join.key.keyId, allow: 'a.test,tcp:2005' }
  assert.deepEqual(JSON.parse(json) as unknown, { v: 1, event: 'agent', ...shown })
  await run(directory, ['agents', 'rm', 'first'])
  assert.deepEqual((await run(directory, ['agents', 'ls'])).out, [laptop])
  for (const [args, why] of [
    [['rm', 'first'], /no agent is named "first"/],
    [['add', 'laptop'], /"laptop" exists/],
    [['add', 'x y'], /agent's name \(NAME\)/],
    [['add', 'x', '--allow', 'tcp:0'], /--allow/],
  ] as const) {
    assert.match((await run(directory, ['agents', ...args], 2)).err[0] ?? '', why)
  }
})

test('relay: each file of D that is missing, damaged or open to others ends it with 3 and one line', async () => {
  await using directory = await temporaryDirectory()
  const listen = ['--listen', '127.0.0.1:0']
  assert.match((await run(directory, listen, 3)).err[0] ?? '', /no relay in .*relay init --dir/)
  assert.match((await run(directory, ['agents', 'add', 'a'], 3)).err[0] ?? '', /no relay in/)
  await init(directory)
  for (const [name, spoil, why] of [
    ['tls.key', (path: string) => chmod(path, 0o644), /TLS key .*mode 0644.*chmod 600/],
    ['agents.json', (path: string) => chmod(path, 0o660), /agent keys .*mode 0660/],
    ['tls.key', (path: string) => writeFile(path, 'x'), /TLS key .*PEM/],
    ['tls.crt', (path: string) => writeFile(path, 'x'), /certificate .*PEM/],
    ['tls.crt', (path: string) => rm(path), /certificate .*beside tls\.key/],
    ['tls.key', (path: string) => rm(path), /TLS key .*beside tls\.crt/],
    ['agents.json', (path: string) => writeFile(path, '{"v":1'), /agent keys .*JSON/],
    ['relay.json', (path: string) => writeFile(path, '{"v":1,"hots":"a"}'), /settings .*hots/],
    ['boot.json', (path: string) => writeFile(path, '{"v":1,"boots":"x"}'), /boot counter .*boots/],
    [
      'agents.json',
      (path: string) => rm(path).then(() => symlink('/dev/zero', path)),
      /plain file/,
    ],
  ] as const) {
    const path = directory.join(name)
    const kept = await readFile(path).catch(() => undefined)
    await spoil(path)
    const { err } = await run(directory, listen, 3)
    assert.equal(err.length, 1, err.join('\n'))
    assert.match(err[0] ?? '', why)
    await rm(path, { force: true })
    if (kept) await writeFile(path, kept, { mode: 0o600 })
  }
  await run(directory, ['check'])
})

test('relay: wrong words end with 2, wrong variables with 3, each in one line', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  for (const [args, env, exit, why] of [
    [['--listen', '8443'], {}, 2, /--listen.*"8443" is not valid/],
    [['--prot', '1'], {}, 2, /--prot/],
    [['strat'], {}, 2, /"strat" is no command/],
    [['--listen', ':0', '--insecure-no-auth'], {}, 2, /loopback/],
    [[], { SALLYPORT_LISTEN: '8443' }, 3, /SALLYPORT_LISTEN/],
    [[], { SALLYPORT_TCP_PORTS: '9-1' }, 3, /SALLYPORT_TCP_PORTS/],
    [[], { ENV_FILE: '/absent/.env' }, 3, /ENV_FILE.*\/absent\/\.env/],
  ] as const) {
    const { err, out } = await run(directory, args, exit, env)
    assert.deepEqual([err.length, out.length], [1, 0], err.join('\n'))
    assert.match(err[0] ?? '', why)
  }
})

test('relay: without agents it refuses, with 3', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  await run(directory, ['agents', 'rm', 'first'])
  const { err } = await run(directory, ['--listen', '127.0.0.1:0'], 3)
  assert.match(err[0] ?? '', /relay agents add NAME.*SP_NO_AGENTS/)
  const { out } = await run(directory, ['--listen', '127.0.0.1:0', '--json'], 3)
  const { message, ...event } = JSON.parse(out[0] ?? '') as Readonly<Record<string, unknown>>
  assert.deepEqual(event, { v: 1, event: 'stopped', exit: 3, code: 'SP_NO_AGENTS' })
  assert.match(String(message), /no agent key/)
})

test('relay: a taken address ends with 7', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const address = busy.address()
  assert.ok(address !== null && typeof address === 'object')
  const { err } = await run(directory, ['--listen', `127.0.0.1:${address.port}`], 7).finally(() =>
    busy.close(),
  )
  assert.match(
    err[0] ?? '',
    /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*take another port.*SP_ADDRESS_TAKEN/,
  )
})

test('relay: a D with too long a path for its socket is refused in one line', async () => {
  await using directory = await temporaryDirectory()
  const long = { path: directory.join('d'.repeat(100)) }
  await init(long)
  const { err } = await run(long, ['--listen', '127.0.0.1:0'], 3)
  assert.match(err[0] ?? '', /path of the admin socket is too long/)
})

test('relay: --help and --version go to stdout', async () => {
  const process = new FakeProcess('/')
  assert.equal(await main(['--help'], process), 0)
  assert.equal(await main(['--version'], process), 0)
  assert.match(process.out.join('\n'), /relay init[^]*relay 0\.1\.0$/)
  assert.deepEqual(process.err, [])
})
