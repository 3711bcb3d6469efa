import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { test } from 'node:test'
import type { SallyportError } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { parseCommandLine } from './command-line.ts'
import { loadConfig } from './config.ts'
import {
  type Surrounding,
  join,
  key,
  load,
  otherJoin,
  routesOf,
} from './load-config.test.support.ts'

const routes: readonly (readonly [args: string, variables: Record<string, string>, string])[] = [
  ['3000', {}, 'https: → localhost:3000'],
  ['host:80', {}, 'https: → host:80'],
  ['unix:/run/app.sock', {}, 'https: → unix:/run/app.sock'],
  ['', { PORT: '4000' }, 'https: → localhost:4000'],
  ['5000', { PORT: '4000' }, 'https: → localhost:5000'],
  ['3000 --url tcp://:0', {}, 'tcp://:0 → localhost:3000'],
  [
    '--url tls://a.test 3000 --url tcp://localhost:22',
    {},
    'tls://a.test → localhost:3000, tcp://localhost:22 → localhost:3000',
  ],
  ['-R 2222:localhost:22', {}, 'tcp://:2222 → localhost:22'],
  ['-R 2222:localhost:22', { PORT: '4000' }, 'tcp://:2222 → localhost:22'],
  ['-R *:0:db:5432 -R localhost:81:/s', {}, 'tcp://:0 → db:5432, tcp://localhost:81 → unix:/s'],
  ['3000 -R 2222:localhost:22', {}, 'https: → localhost:3000, tcp://:2222 → localhost:22'],
  [
    '-R 1:a:2 --url tls://a.test',
    { PORT: '4000' },
    'tls://a.test → localhost:4000, tcp://:1 → a:2',
  ],
  [
    '3000',
    { SALLYPORT_URL: 'tcp://:1 tls://b.test' },
    'tcp://:1 → localhost:3000, tls://b.test → localhost:3000',
  ],
  ['3000 --url tcp://:2', { SALLYPORT_URL: 'tcp://:1' }, 'tcp://:2 → localhost:3000'],
  ['', { SALLYPORT_REMOTE_FORWARD: '1:a:2 3:b:4' }, 'tcp://:1 → a:2, tcp://:3 → b:4'],
]
for (const [args, variables, expected] of routes) {
  const env = Object.entries(variables).map(([name, value]) => `${name}='${value}' `)
  test(`config: ${env.join('')}agent connect ${args}`, async () => {
    const config = await load(args.split(' ').filter(Boolean), { variables })
    assert.equal(routesOf(config).join(', '), expected)
  })
}

test('config: has its defaults', async () => {
  const { join: _, routes: __, ...rest } = await load(['3000'])
  assert.deepEqual(rest, {
    channelTimeoutSeconds: 100,
    connections: 1,
    retry: true,
    json: false,
    qr: false,
    logLevel: 'info',
    configPath: undefined,
    urls: [],
    certificates: undefined,
    httpProxy: undefined,
    inspector: { host: '127.0.0.1', port: 4040, isExplicit: false },
  })
})

test('config: the inspector is there for https routes, where it was asked for, and not when off', async () => {
  const inspector = async (...args: string[]) => (await load(args)).inspector
  assert.equal(await inspector('-R', '0:localhost:22'), undefined)
  assert.equal(await inspector('3000', '--web-addr', 'off'), undefined)
  const asked = { host: '127.0.0.9', port: 80, isExplicit: true }
  assert.deepEqual(await inspector('3000', '--web-addr', '127.0.0.9:80'), asked)
  assert.deepEqual(await inspector('-R', '0:localhost:22', '--web-addr', '127.0.0.9:80'), asked)
})

test('config: flags stand before the environment, the environment before the env file', async () => {
  const files = { '.env': 'CHANNEL_TIMEOUT=4\nPORT=4000\nSALLYPORT_CONNECTIONS=2' }
  const timeout = async (args: string[], variables = {}): Promise<number> =>
    (await load(args, { variables, files })).channelTimeoutSeconds
  assert.equal(await timeout([]), 4)
  assert.equal(await timeout([], { CHANNEL_TIMEOUT: '3' }), 3)
  assert.equal(await timeout([], { CHANNEL_TIMEOUT: '3', SALLYPORT_CHANNEL_TIMEOUT: '2' }), 2)
  assert.equal(await timeout(['--channel-timeout', '1'], { CHANNEL_TIMEOUT: '3' }), 1)
  assert.equal(await timeout([], { CHANNEL_TIMEOUT: '' }), 4)
  const config = await load([], { files })
  assert.deepEqual([routesOf(config), config.connections], [['https: → localhost:4000'], 2])
})

test('config: the env file is the one of --env-file, then SALLYPORT_ENV_FILE, then ENV_FILE', async () => {
  const files = { '.env': 'PORT=1', a: 'PORT=2', b: 'PORT=3', c: 'PORT=4' }
  const port = async (args: string[], variables = {}): Promise<string | undefined> =>
    routesOf(await load(args, { variables, files }))[0]
      ?.split(':')
      .at(-1)
  assert.equal(await port([]), '1')
  assert.equal(await port([], { ENV_FILE: 'a' }), '2')
  assert.equal(await port([], { ENV_FILE: 'a', SALLYPORT_ENV_FILE: 'b' }), '3')
  assert.equal(await port(['--env-file', 'c'], { ENV_FILE: 'a', SALLYPORT_ENV_FILE: 'b' }), '4')
})

test('config: a directory .env is not an env file', async () => {
  await using directory = await temporaryDirectory()
  await mkdir(directory.join('.env'))
  const config = await loadConfig(parseCommandLine(['connect', '1']), {
    variables: { SALLYPORT_JOIN: join },
    workingDirectory: directory.path,
    readInput: () => Promise.resolve(''),
  })
  assert.deepEqual(routesOf(config), ['https: → localhost:1'])
})

test('config: switches', async () => {
  const switched = await load(['1', '--json', '--no-retry', '-v'])
  assert.deepEqual([switched.json, switched.retry, switched.logLevel], [true, false, 'debug'])
  const byVariable = await load(['1'], {
    variables: { SALLYPORT_JSON: '1', SALLYPORT_NO_RETRY: 'true', SALLYPORT_VERBOSE: '0' },
  })
  assert.deepEqual([byVariable.json, byVariable.retry, byVariable.logLevel], [true, false, 'info'])
  assert.equal((await load(['1', '--log-level=warn'])).logLevel, 'warn')
})

test('config: the join string from stdin, the environment, a file of 0600, the env file', async () => {
  const host = async (args: string[], given: Surrounding): Promise<string> =>
    (await load(['1', ...args], given)).join.host
  const files = { joined: `${otherJoin}\n`, '.env': `SALLYPORT_JOIN=${otherJoin}` }
  const unset = { SALLYPORT_JOIN: '' }
  assert.equal(await host([], {}), 'relay.test')
  assert.equal(await host(['--join', '-'], { input: otherJoin }), 'other.test')
  assert.equal(
    await host([], { files, variables: { ...unset, SALLYPORT_JOIN_FILE: 'joined' } }),
    'other.test',
  )
  assert.equal(await host([], { files, variables: unset }), 'other.test')
  assert.equal(await host([], { files }), 'relay.test')
})

const token = key.token.reveal()
const wrong: readonly (readonly [
  args: string,
  expected: RegExp,
  exit: number,
  given?: Surrounding,
])[] = [
  ['', /^target \(TARGET\); needs .*PORT set, or -R/, 2],
  ['3000 4000', /^argument \(after TARGET\): "4000"/, 2],
  ['0', /^target \(TARGET\): "0" is not valid/, 2],
  ['3000 --url ftp://x', /^route url \(--url\): "ftp:\/\/x"/, 2],
  ['3000 -R 99999:a:1', /^forwarding \(-R\): "99999:a:1"/, 2],
  ['3000 --frobnicate', /^flag \(command line\): "--frobnicate" is not valid; needs one that/, 2],
  ['3000 -x', /^flag \(command line\): "-x"/, 2],
  ['3000 --url', /^flag \(--url\); needs a value/, 2],
  ['3000 --url --json', /^flag \(--url\); needs a value/, 2],
  ['3000 --json=1', /^flag \(--json\): "1" is not valid; needs no value/, 2],
  ['3000 --channel-timeout 0', /^channel timeout in seconds \(--channel-timeout\): "0"/, 2],
  ['3000 --channel-timeout 1001', /from 1 to 1000$/, 2],
  ['3000 --channel-timeout 1.5', /"1\.5" is not valid/, 2],
  ['3000 --channel-timeout 1e2', /"1e2" is not valid/, 2],
  [
    '3000',
    /^channel timeout in seconds \(CHANNEL_TIMEOUT\): "x"/,
    3,
    { variables: { CHANNEL_TIMEOUT: 'x' } },
  ],
  [
    '3000',
    /^channel timeout .*\(CHANNEL_TIMEOUT in .*\.env\): "x"/,
    3,
    { files: { '.env': 'CHANNEL_TIMEOUT=x' } },
  ],
  ['', /^port of the target \(PORT\): "http"/, 3, { variables: { PORT: 'http' } }],
  ['', /^port of the target \(PORT in .*\.env\): "70000"/, 3, { files: { '.env': 'PORT=70000' } }],
  [
    '3000 --connections 9',
    /^number of sessions \(--connections\): "9" is not valid; .* 1 to 8$/,
    2,
  ],
  ['3000 --connections 0', /"0" is not valid/, 2],
  ['3000 --log-level loud', /^log level \(--log-level\): "loud" .*error, warn, info, debug$/, 2],
  ['3000', /^switch \(SALLYPORT_JSON\): "yes"/, 3, { variables: { SALLYPORT_JSON: 'yes' } }],
  ['3000 --web-addr here', /^address to listen on \(--web-addr\): "here"/, 2],
  ['3000 --env-file none', /^env file \(--env-file\): ".*none" .*\(ENOENT\)$/, 2],
  [
    '3000',
    /^env file \(ENV_FILE\): ".*none" .*\(ENOENT\)$/,
    3,
    { variables: { ENV_FILE: 'none' } },
  ],
  [
    '3000',
    /^env file \(working directory\): ".*\.env" .*\(EFBIG\)$/,
    3,
    { files: { '.env': 'x'.repeat(65_537) } },
  ],
  // What works in a later release only.
  ['3000', /^pool name \(SALLYPORT_POOL\): "b l"/, 3, { variables: { SALLYPORT_POOL: 'b l' } }],
  ['3000 --balance least-connections', /^balance \(--balance\).*needs a --pool beside it/, 2],
  ['3000 --pool b --balance random', /^balance \(--balance\): "random".* round-robin or least/, 2],
  [
    '3000',
    /^switch \(SALLYPORT_KNOCK\): "yes" .*1, true, 0 or false/,
    3,
    { variables: { SALLYPORT_KNOCK: 'yes' } },
  ],
  ['3000 --health-check up', /^health check \(--health-check\): "up".* tcp, off or \/PATH/, 2],
  ['3000 --pool -blue', /^flag \(--pool\); needs a value/, 2],
  ['3000 --origin-insecure', /^setting \(--origin-insecure\).*needs an https:\/\/ target/, 2],
  [
    'https://a.test --origin-ca /nowhere.pem',
    /^authority \(--origin-ca\).* readable file of PEM/,
    2,
  ],
  ['3000 --proxy-protocol 3', /^PROXY protocol version \(--proxy-protocol\): "3".* 1 or 2/, 2],
  // The join string, of which nothing is ever shown.
  [`3000 ${join}`, /^join string \(argument 3\); needs SALLYPORT_JOIN/, 2],
  [`3000 --join ${join}`, /^join string \(argument 4\)/, 2],
  [`3000 --join=${join}`, /^join string \(argument 3\)/, 2],
  [`3000 --jion=${join}`, /^join string \(argument 3\)/, 2],
  [`${token}`, /^join string \(argument 2\)/, 2],
  ['3000 --join x', /^join string \(--join\); needs - for stdin/, 2],
  [
    '3000',
    /^join string \(none was given\); needs SALLYPORT_JOIN,/,
    3,
    { variables: { SALLYPORT_JOIN: '' } },
  ],
  [
    '3000',
    /^join string \(SALLYPORT_JOIN\); needs sallyport:/,
    3,
    { variables: { SALLYPORT_JOIN: token } },
  ],
  [
    '3000',
    /^agent token \(SALLYPORT_JOIN\)/,
    3,
    { variables: { SALLYPORT_JOIN: join.replace('@', 'x@') } },
  ],
  ['3000', /^pin \(SALLYPORT_JOIN\)/, 3, { variables: { SALLYPORT_JOIN: `${join}x` } }],
  ['3000 --join -', /^join string \(stdin\)/, 3, { input: join.slice(1) }],
  ['3000 --join -', /^join string \(stdin\)/, 3, { input: '' }],
  [
    '3000',
    /^join file \(SALLYPORT_JOIN_FILE\): ".*nofile" .*\(ENOENT\)/,
    3,
    { variables: { SALLYPORT_JOIN: '', SALLYPORT_JOIN_FILE: 'nofile' } },
  ],
  [
    '3000',
    /^join file .*needs mode 0600, because its mode 0640 lets others at it/,
    3,
    {
      variables: { SALLYPORT_JOIN: '', SALLYPORT_JOIN_FILE: 'f' },
      files: { f: { text: join, mode: 0o640 } },
    },
  ],
  [
    '3000',
    /^join string \(.*\/f\); needs/,
    3,
    { variables: { SALLYPORT_JOIN: '', SALLYPORT_JOIN_FILE: 'f' }, files: { f: 'PASSWORD=1' } },
  ],
]
for (const [args, expected, exit, given] of wrong) {
  const shown = args.replaceAll(token, 'TOKEN')
  test(`config: agent connect ${shown} is refused with ${exit}: ${expected.source}`, async () => {
    await assert.rejects(load(args.split(' ').filter(Boolean), given), (error: SallyportError) => {
      assert.match(error.message, expected)
      assert.equal(error.exit, exit)
      assert.ok(!error.message.includes('\n'), 'more than one line')
      const seed = token.slice('sp1_'.length)
      for (let at = 0; at + 8 <= seed.length; at++) {
        assert.ok(!String(error.stack).includes(seed.slice(at, at + 8)), 'shows the token')
      }
      return true
    })
  })
}
