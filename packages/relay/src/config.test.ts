import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import test from 'node:test'
import { isSallyportError } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { formatRelayFile, loadInitConfig, loadServeConfig } from './config.ts'
import type { Flags } from './settings.ts'

interface Places {
  readonly flags?: Flags
  readonly variables?: Readonly<Record<string, string>>
  /** Files of the working directory, which is D too. */
  readonly files?: Readonly<Record<string, string>>
}

async function load({ flags = {}, variables = {}, files = {} }: Places) {
  await using directory = await temporaryDirectory()
  for (const [name, text] of Object.entries(files)) await writeFile(directory.join(name), text)
  const around = { variables: { HOME: '/any/me', ...variables }, workingDirectory: directory.path }
  return await loadServeConfig({ dir: directory.path, ...flags }, around)
}

test('config: flags before environment before env file before relay.json before defaults', async () => {
  const relayFile = formatRelayFile({
    host: 'file.test',
    listen: { host: '127.0.0.1', port: 5 },
    tcpPorts: { first: 5, last: 5 },
  })
  const all = {
    flags: { host: 'flag.test' },
    variables: { SALLYPORT_HOST: 'variable.test', SALLYPORT_LISTEN: '127.0.0.1:3' },
    files: {
      '.env': 'SALLYPORT_HOST=dotenv.test\nSALLYPORT_LISTEN=127.0.0.1:4\nSALLYPORT_TCP_PORTS=4-4\n',
      'relay.json': relayFile,
    },
  }
  const { host, listen, tcpPorts } = await load(all)
  assert.deepEqual(
    { host, listen, tcpPorts },
    {
      host: 'flag.test',
      listen: { host: '127.0.0.1', port: 3 },
      tcpPorts: { first: 4, last: 4 },
    },
  )
  assert.equal((await load({ ...all, flags: {} })).host, 'variable.test')
  assert.equal((await load({ files: all.files })).host, 'dotenv.test')
  assert.equal((await load({ files: { 'relay.json': relayFile } })).host, 'file.test')
  const bare = await load({})
  assert.deepEqual(
    [
      bare.host,
      bare.listen,
      bare.tcpPorts,
      bare.json,
      bare.logLevel,
      bare.insecureNoAuth,
      bare.allow,
    ],
    ['localhost', { host: '', port: 443 }, undefined, false, 'info', false, '*'],
  )
})

test('config: an empty variable counts as not set', async () => {
  assert.equal((await load({ variables: { SALLYPORT_HOST: '' } })).host, 'localhost')
})

test('config: an env file is named by flag, by variable, or by ENV_FILE', async () => {
  const files = {
    'a.env': 'SALLYPORT_HOST=a.test',
    'b.env': 'SALLYPORT_HOST=b.test',
    '.env': 'SALLYPORT_HOST=c.test',
  }
  assert.equal((await load({ files, flags: { 'env-file': 'a.env' } })).host, 'a.test')
  assert.equal((await load({ files, variables: { SALLYPORT_ENV_FILE: 'a.env' } })).host, 'a.test')
  assert.equal((await load({ files, variables: { ENV_FILE: 'b.env' } })).host, 'b.test')
  assert.equal((await load({ files })).host, 'c.test')
})

test('config: the host is where it listens, unless that is everywhere', async () => {
  const host = async (listen: string) => (await load({ flags: { listen } })).host
  assert.equal(await host('192.0.2.1:443'), '192.0.2.1')
  assert.equal(await host('[2001:db8::1]:443'), '2001:db8::1')
  assert.equal(await host('0.0.0.0:443'), 'localhost')
  assert.equal(await host('[::]:443'), 'localhost')
})

test('config: D is --dir, else in XDG_STATE_HOME, else in ~/.local/state', async () => {
  const path = async (variables: Readonly<Record<string, string>>, flags: Flags = {}) =>
    (await loadInitConfig(flags, { variables, workingDirectory: '/' })).state.path
  assert.equal(await path({ HOME: '/any/me' }), '/any/me/.local/state/sallyport')
  assert.equal(await path({ HOME: '/any/me', XDG_STATE_HOME: '/s' }), '/s/sallyport')
  assert.equal(await path({ XDG_STATE_HOME: '/s', SALLYPORT_DIR: '/v' }), '/v')
  assert.equal(await path({ SALLYPORT_DIR: '/v' }, { dir: '/f' }), '/f')
})

test('config: --verbose is the level debug', async () => {
  assert.equal((await load({ flags: { verbose: true, 'log-level': 'error' } })).logLevel, 'debug')
  assert.equal((await load({ variables: { SALLYPORT_LOG_LEVEL: 'error' } })).logLevel, 'error')
})

// Each setting wrong, in each place that it can stand in.
const wrong: readonly (readonly [flag: string, value: string, right: RegExp])[] = [
  ['host', 'a b', /host name or an IP address/],
  ['host', 'a.test:443', /without a port/],
  ['listen', '8443', /HOST:PORT/],
  ['listen', '127.0.0.1:65536', /port up to 65535/],
  ['listen', '::1:443', /HOST:PORT/],
  ['tcp-ports', '2100-2000', /1 <= A <= B <= 65535/],
  ['tcp-ports', '0-5', /1 <= A/],
  ['admin', 'x', /HOST:PORT/],
  ['http', '80', /HOST:PORT/],
  ['allow', '*.', /host name, \*\.NAME/],
  ['allow', 'a..b', /host name, \*\.NAME/],
  ['log-level', 'loud', /error, warn, info, debug/],
  ['insecure-no-auth', 'maybe', /1, true, 0 or false/],
  ['json', 'yes', /1, true, 0 or false/],
]
const variableOf = (flag: string): string => `SALLYPORT_${flag.toUpperCase().replaceAll('-', '_')}`

for (const [flag, value, right] of wrong) {
  test(`config: ${flag} ${value} is refused as a flag, a variable and in an env file`, async () => {
    const variable = variableOf(flag)
    for (const [places, where, code, exit] of [
      [{ flags: { [flag]: value } }, `(--${flag})`, 'SP_USAGE', 2],
      [{ variables: { [variable]: value } }, `(${variable})`, 'SP_CONFIG', 3],
      [{ files: { '.env': `${variable}='${value}'` } }, `(${variable} in `, 'SP_CONFIG', 3],
    ] as const) {
      await assert.rejects(load(places), (error) => {
        assert.ok(isSallyportError(error))
        assert.deepEqual([error.code, error.exit], [code, exit])
        assert.ok(
          error.message.includes(where) && error.message.includes(JSON.stringify(value)),
          error.message,
        )
        assert.match(error.message, right)
        assert.ok(!error.message.includes('\n'))
        return true
      })
    }
  })
}

test('config: relay.json is refused when it is damaged, wrong, or knows more than we do', async () => {
  for (const [text, named] of [
    ['{', /needs JSON/],
    ['{"v":2}', /at v/],
    ['{"v":1,"hots":"a"}', /hots/],
    ['{"v":1,"listen":8443}', /at listen/],
    ['{"v":1,"listen":"8443"}', /\(listen in .*relay\.json\): "8443"/],
  ] as const) {
    await assert.rejects(load({ files: { 'relay.json': text } }), (error) => {
      assert.ok(isSallyportError(error))
      assert.equal(error.exit, 3)
      assert.match(error.message, named)
      return true
    })
  }
})

test('config: an env file that was named must be there', async () => {
  for (const [places, exit] of [
    [{ flags: { 'env-file': 'absent' } }, 2],
    [{ variables: { ENV_FILE: 'absent' } }, 3],
  ] as const) {
    await assert.rejects(load(places), (error) => isSallyportError(error) && error.exit === exit)
  }
})

test('config: no authentication is for loopback addresses only', async () => {
  const listenOn = (listen: string) => load({ flags: { listen, 'insecure-no-auth': true } })
  for (const listen of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1']) {
    assert.equal((await listenOn(listen)).insecureNoAuth, true)
  }
  for (const listen of [':1', '0.0.0.0:1', '[::]:1', '192.0.2.1:1', 'a.test:1', '127.a.test:1']) {
    await assert.rejects(listenOn(listen), { code: 'SP_USAGE', message: /loopback address/ })
  }
})

test('config: the admin port is on a loopback address only', async () => {
  assert.deepEqual((await load({ flags: { admin: '127.0.0.1:9000' } })).admin, {
    host: '127.0.0.1',
    port: 9_000,
  })
  for (const admin of [':9000', '0.0.0.0:9000', '192.0.2.1:9000']) {
    await assert.rejects(load({ flags: { admin } }), {
      code: 'SP_USAGE',
      message: /admin port.*loopback/,
    })
  }
})

test('config: relay.yaml stands behind the env file and before relay.json', async () => {
  const relayFile = formatRelayFile({
    host: 'json.test',
    listen: { host: '127.0.0.1', port: 1 },
    tcpPorts: { first: 5, last: 5 },
  })
  const files = {
    'relay.json': relayFile,
    'relay.yaml': 'host: yaml.test\nlisten: :444\nlimits:\n  parked_per_route: 7\n',
    '.env': 'SALLYPORT_HOST=env.test',
  }
  const { host, listen, tcpPorts, parking } = await load({ files })
  assert.deepEqual([host, listen.port, tcpPorts?.first], ['env.test', 444, 5])
  assert.deepEqual(parking, { maxPerRoute: 7 })
  assert.equal((await load({ files: { ...files, '.env': '' } })).host, 'yaml.test')
  const other = { ...files, '.env': '', 'b.yaml': 'host: b.test' }
  assert.equal((await load({ files: other, flags: { config: 'b.yaml' } })).host, 'b.test')
  assert.equal(
    (await load({ files: other, variables: { SALLYPORT_CONFIG: 'b.yaml' } })).host,
    'b.test',
  )
})

test('config: all that is wrong in relay.yaml is said at once, with 3', async () => {
  const files = { 'relay.yaml': 'hots: a.test\nlisten: 8443\nlimits:\n  parked_per_route: 0\n' }
  await assert.rejects(load({ files }), (error) => {
    assert.ok(isSallyportError(error))
    assert.equal(error.exit, 3)
    const lines = error.message.split('\n')
    assert.equal(lines.length, 4, error.message)
    assert.match(lines.join('\n'), /listen in .*relay\.yaml:2:1\): "8443"/)
    assert.match(lines.join('\n'), /limits\.parked_per_route in .*:4:3\): "0"/)
    assert.match(lines.join('\n'), /"hots" is not valid; needs a known name: did you mean host\?/)
    return true
  })
})

test('config: plain HTTP is on beside port 443 only, or where it is asked for', async () => {
  const port = async (flags: Flags): Promise<readonly unknown[]> => {
    const { http, isHttpAsked } = await load({ flags })
    return [http?.host, http?.port, isHttpAsked]
  }
  assert.deepEqual(await port({}), ['', 80, false])
  assert.deepEqual(await port({ listen: '10.0.0.1:443' }), ['10.0.0.1', 80, false])
  assert.deepEqual(await port({ listen: ':8443' }), [undefined, undefined, false])
  assert.deepEqual(await port({ listen: ':8443', http: ':8080' }), ['', 8080, true])
  assert.deepEqual(await port({ http: 'off' }), [undefined, undefined, true])
})
