// Real services behind tcp:// routes, each with its own ordinary program on the other side.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Agent } from '@sallyport/agent'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent, publicPort } from '../support/joined-agent.ts'
import { accepting, unusedPort } from '../support/nginx.ts'
import { postgresDirectory, programPath, requires } from '../support/requires.ts'
import { type Program, runCommand } from '../support/run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

/** A service on a port of its own, and the public port that leads to it. */
interface Published extends AsyncDisposable {
  readonly directory: TemporaryDirectory
  readonly publicPort: number
}

async function publish(
  start: (directory: TemporaryDirectory, port: number) => Promise<Program>,
): Promise<Published> {
  const directory = await temporaryDirectory()
  const port = await unusedPort()
  const program = await start(directory, port)
  await Promise.race([accepting(port, 20_000), program.expectExit(0, 20_000)])
  const relay: InProcessRelay = await startInProcessRelay()
  const agent: Agent = await joinAgent(relay, port, { url: 'tcp://:0' })
  return {
    directory,
    publicPort: publicPort(agent),
    async [Symbol.asyncDispose]() {
      await agent.destroy()
      await relay[Symbol.asyncDispose]()
      await program[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** Runs a program that must succeed; its stdout. */
async function run(
  command: string,
  args: readonly string[],
  options: { readonly stdin?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  await using program = runCommand(command, args, { stdin: '', ...options })
  await program.expectExit(0, 30_000)
  return program.stdout.all.join('\n')
}

test(
  'redis: redis-cli writes and reads a megabyte over the tunnel',
  requires('redis'),
  async () => {
    await using redis = await publish(async ({ path }, port) =>
      runCommand(programPath('redis'), [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        path,
        '--save',
        '',
      ]),
    )
    const cli = (args: readonly string[], stdin?: string): Promise<string> =>
      run('redis-cli', ['-p', `${redis.publicPort}`, ...args], stdin === undefined ? {} : { stdin })
    const value = randomBytes(500_000).toString('hex')
    assert.equal(await cli(['-x', 'set', 'big'], value), 'OK')
    assert.equal(await cli(['get', 'big']), value)
    assert.equal(await cli(['strlen', 'big']), '1000000')
  },
)

test(
  'ssh and scp: a command and a file of 5 MB go both ways',
  requires('ssh', 'sshd'),
  async () => {
    await using ssh = await publish(async (directory, port) => {
      const place = (name: string): string => directory.join(name)
      for (const name of ['host', 'user']) {
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place(name)])
      }
      // sshd as root wants it, whatever it is told.
      if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
      await writeFile(place('authorized_keys'), await readFile(place('user.pub')), { mode: 0o600 })
      await writeFile(
        place('sshd_config'),
        `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${place('host')}\nPidFile none\n` +
          `AuthorizedKeysFile ${place('authorized_keys')}\nStrictModes no\nUsePAM no\n` +
          `PasswordAuthentication no\nPermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n`,
      )
      return runCommand(programPath('sshd'), ['-D', '-e', '-f', place('sshd_config')])
    })
    const place = (name: string): string => ssh.directory.join(name)
    const host = await readFile(place('host.pub'), 'utf8')
    await writeFile(place('known_hosts'), `[127.0.0.1]:${ssh.publicPort} ${host}`)
    const options = ['-F', 'none', '-o', `UserKnownHostsFile=${place('known_hosts')}`].concat([
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'BatchMode=yes',
      '-i',
      place('user'),
    ])
    const login = `${userInfo().username}@127.0.0.1`
    const told = await run(
      programPath('ssh'),
      [...options, '-p', `${ssh.publicPort}`, login, 'cat; echo end'],
      {
        stdin: 'through the tunnel\n',
      },
    )
    assert.equal(told, 'through the tunnel\nend')

    const bytes = randomBytes(5_000_000)
    await writeFile(place('original'), bytes)
    const scp = (from: string, to: string): Promise<string> =>
      run('scp', [...options, '-q', '-P', `${ssh.publicPort}`, from, to])
    await scp(place('original'), `${login}:${place('there')}`)
    await scp(`${login}:${place('there')}`, place('back'))
    assert.ok((await readFile(place('back'))).equals(bytes))
  },
)

test('PostgreSQL: psql fills a table and reads it back', requires('postgres'), async () => {
  await using postgres = await publish(async (directory, port) => {
    const data = directory.join('data')
    await mkdir(data)
    const program = (name: string): string => join(postgresDirectory(), name)
    // PostgreSQL refuses to run as root.
    const asUser =
      process.getuid?.() === 0 ? ['setpriv', ...(await nobody(directory.path, data))] : []
    const [command, ...args] = [...asUser, program('initdb'), '-D', data, '-U', 'test', '--no-sync']
    execFileSync(command, [...args, '--auth=trust', '--no-instructions'], {
      stdio: 'ignore',
      cwd: '/',
    })
    const [first, ...rest] = [...asUser, program('postgres'), '-D', data, '-p', `${port}`]
    const settings = ['-k', '', '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off']
    return runCommand(first, [...rest, ...settings])
  })
  const psql = (sql: string): Promise<string> =>
    run(
      'psql',
      ['-X', '-A', '-t', '-h', '127.0.0.1', '-p', `${postgres.publicPort}`].concat([
        '-U',
        'test',
        '-d',
        'postgres',
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        sql,
      ]),
    )
  await psql("create table t as select n, repeat('x', 100) as pad from generate_series(1, 20000) n")
  assert.equal(
    await psql('select count(*), sum(n), sum(length(pad)) from t'),
    '20000|200010000|2000000',
  )
  assert.equal((await psql('select pad from t')).length, 20_000 * 101 - 1)
})

/** Flags of setpriv for a user without rights, who may then write to `data`. */
async function nobody(directory: string, data: string): Promise<readonly string[]> {
  const id = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }))
  const group = Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' }))
  await chmod(directory, 0o755)
  await chown(data, id, group)
  return [`--reuid=${id}`, `--regid=${group}`, '--clear-groups']
}
