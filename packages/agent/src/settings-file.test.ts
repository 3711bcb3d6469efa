import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { SallyportError } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { type Surrounding, join, load, otherJoin, routesOf } from './load-config.test.support.ts'

const endpoints = `endpoints:
  web:
    target: 3000
    url: [https://a.test, "https://a.test:8888"]
  ssh:
    target: localhost:22
    url: tcp://:2222
  app:
    target: unix:/run/app.sock
`

for (const [args, expected] of [
  ['web', 'https://a.test → localhost:3000, https://a.test:8888 → localhost:3000'],
  ['ssh app', 'tcp://:2222 → localhost:22, https: → unix:/run/app.sock'],
  ['app -R 81:db:82', 'https: → unix:/run/app.sock, tcp://:81 → db:82'],
  [
    '--all',
    'https://a.test → localhost:3000, https://a.test:8888 → localhost:3000, ' +
      'tcp://:2222 → localhost:22, https: → unix:/run/app.sock',
  ],
  ['3000', 'https: → localhost:3000'],
] as const) {
  test(`config: agent connect ${args}, with endpoints in the file`, async () => {
    const given = { files: { 'a.yaml': endpoints } }
    const config = await load([...args.split(' '), '--config', 'a.yaml'], given)
    assert.equal(routesOf(config).join(', '), expected)
  })
}

test('config: the file stands behind flags, environment and env file, and before defaults', async () => {
  const files = { '.env': 'SALLYPORT_CONNECTIONS=3', 'a.yaml': 'connections: 4\nlog_level: warn\n' }
  const read = async (args: string[], variables = {}, rest = files) =>
    await load(['1', '--config', 'a.yaml', ...args], { variables, files: rest })
  assert.equal((await read(['--connections', '1'], { SALLYPORT_CONNECTIONS: '2' })).connections, 1)
  assert.equal((await read([], { SALLYPORT_CONNECTIONS: '2' })).connections, 2)
  assert.equal((await read([])).connections, 3)
  const alone = await read([], {}, { ...files, '.env': '' })
  assert.deepEqual(
    [alone.connections, alone.logLevel, alone.channelTimeoutSeconds],
    [4, 'warn', 100],
  )
})

test('config: the file is the one of --config, then SALLYPORT_CONFIG, then the usual one', async () => {
  await using directory = await temporaryDirectory()
  await mkdir(directory.join('sallyport'))
  await writeFile(directory.join('sallyport/agent.yaml'), 'connections: 2')
  const usual = { XDG_CONFIG_HOME: directory.path }
  const files = { 'a.yaml': 'connections: 3', 'b.yaml': 'connections: 4' }
  const named = { ...usual, SALLYPORT_CONFIG: 'a.yaml' }
  assert.equal((await load(['1'], { variables: usual, files })).connections, 2)
  assert.equal((await load(['1'], { variables: named, files })).connections, 3)
  assert.equal(
    (await load(['1', '--config', 'b.yaml'], { variables: named, files })).connections,
    4,
  )
  assert.equal(
    (await load(['1'], { files: { '.env': 'SALLYPORT_CONFIG=a.yaml', ...files } })).connections,
    3,
  )
})

test("config: an endpoint's own networks stand in place of the command line's", async () => {
  const own =
    'endpoints:\n  a:\n    target: 1\n    url: tcp://:1\n    deny_from: 10.0.0.0/8\n  b:\n    target: 2\n    url: tcp://:2\n'
  const flags = ['--all', '--config', 'a.yaml', '--allow-from', '192.0.2.0/24']
  const { routes } = await load(flags, { files: { 'a.yaml': own } })
  assert.deepEqual(
    routes.map(({ access }) => access),
    [
      { allow: [], deny: ['10.0.0.0/8'] },
      { allow: ['192.0.2.0/24'], deny: [] },
    ],
  )
})

const pools = `endpoints:
  web:
    target: 1
    url: tcp://:1
    pool: green
    balance: least-connections
    health_check: /healthz
  plain:
    target: 2
    url: tcp://:2
    knock: true
  unchecked:
    target: 3
    url: tcp://:3
    pool: red
    health_check: 'off'
`

for (const [flags, web, plain, unchecked] of [
  [
    '',
    ['green', 'least-connections', { kind: 'http', path: '/healthz' }, false],
    [undefined, undefined, undefined, true],
    ['red', undefined, undefined, false],
  ],
  [
    '--pool blue --balance round-robin --knock',
    ['green', 'least-connections', { kind: 'http', path: '/healthz' }, true],
    ['blue', 'round-robin', { kind: 'tcp' }, true],
    ['red', 'round-robin', undefined, true],
  ],
  [
    '--balance least-connections --health-check /up',
    ['green', 'least-connections', { kind: 'http', path: '/healthz' }, false],
    [undefined, undefined, { kind: 'http', path: '/up' }, true],
    ['red', 'least-connections', undefined, false],
  ],
] as const) {
  test(`config: endpoints with pools of their own, and --all ${flags}`, async () => {
    const args = ['--all', '--config', 'a.yaml', ...flags.split(' ').filter((one) => one !== '')]
    const { routes } = await load(args, { files: { 'a.yaml': pools } })
    assert.deepEqual(
      routes.map(({ pool, balance, check, knock }) => [pool, balance, check, knock]),
      [web, plain, unchecked],
    )
  })
}

test('config: the join string from the file, or from the file that it names', async () => {
  const host = async (text: string): Promise<string> => {
    const files = { joined: otherJoin, 'a.yaml': text }
    const variables = { SALLYPORT_JOIN: '' }
    return (await load(['1', '--config', 'a.yaml'], { variables, files })).join.host
  }
  assert.equal(await host(`join: ${JSON.stringify(otherJoin)}`), 'other.test')
  assert.equal(await host('join_file: joined'), 'other.test')
  assert.equal(
    (await load(['1', '--config', 'a'], { files: { a: 'join_file: no' } })).join.host,
    'relay.test',
  )
})

const wrong: readonly (readonly [
  args: string,
  expected: RegExp,
  exit: number,
  given?: Surrounding,
])[] = [
  ['1 --config none', /^configuration file \(--config\): ".*none" .*\(ENOENT\)$/, 2],
  [
    '1',
    /^configuration file \(SALLYPORT_CONFIG\): ".*no"/,
    3,
    { variables: { SALLYPORT_CONFIG: 'no' } },
  ],
  [
    'wbe --config a',
    /^endpoint \(NAME\): "wbe" .*\(web, ssh, app\): did you mean web\?$/,
    2,
    { files: { a: endpoints } },
  ],
  ['1 --allow-from 1.2.3.4/8', /^network \(--allow-from\): "1\.2\.3\.4\/8" is not valid/, 2],
  [
    `1 ${'--deny-from 1.2.3.4 '.repeat(17).trim()}`,
    /^networks of one route \(--deny-from\): "17"/,
    2,
  ],
  ['web', /^endpoints \(NAME web\); needs a configuration file/, 2],
  [
    '--all --config a',
    /^endpoints \(--all\); needs endpoints in .*a, which has none$/,
    2,
    { files: { a: '' } },
  ],
  [
    'plain --config a',
    /^balance \(endpoints\.plain\.balance in .*a:4:5\): "round-robin" .*needs a pool beside it$/,
    3,
    { files: { a: 'endpoints:\n  plain:\n    target: 1\n    balance: round-robin\n' } },
  ],
  [
    'plain --balance round-robin --config a',
    /^balance \(--balance\).*needs a --pool beside it/,
    2,
    { files: { a: 'endpoints:\n  plain:\n    target: 1\n' } },
  ],
  [
    '--all --config a',
    /knock in .*a:5:5\): "sometimes" is not valid.*health_check in .*a:4:5\): "up"/s,
    3,
    {
      files: {
        a: 'endpoints:\n  b:\n    target: 1\n    health_check: up\n    knock: sometimes\n',
      },
    },
  ],
  [
    'web 3000 --config a',
    /^argument \(beside the name of an endpoint\): "3000"/,
    2,
    { files: { a: endpoints } },
  ],
  ['--all web --config a', /^argument \(beside --all\): "web"/, 2, { files: { a: endpoints } }],
  [
    'web --url tcp://:1 --config a',
    /^argument .*: "--url" is not valid/,
    2,
    { files: { a: endpoints } },
  ],
  [
    '--config a',
    /^target \(TARGET\); .*or an endpoint \(web, ssh, app\), or --all$/,
    2,
    { files: { a: endpoints } },
  ],
  [
    '1 --config a',
    /^configuration file \(join in .*\): .*needs mode 0600, because its mode 0644/,
    3,
    {
      variables: { SALLYPORT_JOIN: '' },
      files: { a: { text: `join: ${JSON.stringify(join)}`, mode: 0o644 } },
    },
  ],
  [
    '1 --config a',
    /^join string \(join_file in .*:2:1\); needs join or join_file, not both$/,
    3,
    {
      variables: { SALLYPORT_JOIN: '' },
      files: { a: `join: ${JSON.stringify(join)}\njoin_file: x` },
    },
  ],
  [
    '1 --config a',
    /^agent token \(join in .*:1:1\)/,
    3,
    { files: { a: `join: "${join.replace('@', 'x@')}"` } },
  ],
]
for (const [args, expected, exit, given] of wrong) {
  test(`config: agent connect ${args} is refused with ${exit}: ${expected.source}`, async () => {
    await assert.rejects(load(args.split(' '), given), (error: SallyportError) => {
      assert.match(error.message, expected)
      assert.equal(error.exit, exit)
      assert.ok(!error.message.includes(join.slice(20, 40)), 'shows the token')
      return true
    })
  })
}
