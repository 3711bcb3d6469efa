// The program in this process: what it prints, and what it exits with.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import {
  type JoinString,
  closeCodeOf,
  computePin,
  formatJoinString,
  generateAgentKey,
} from '@sallyport/protocol'
import { Changes } from '../../../test/support/changes.ts'
import { deadline } from '../../../test/support/deadline.ts'
import { echo, startOrigin } from '../../../test/support/origin.ts'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { type StandInRelay, startStandInRelay } from '../../../test/support/stand-in-relay.ts'
import { type EndSignal, main } from './main.ts'

/** Runs `agent ARGS` with a process made of streams in memory. */
function run(args: readonly string[], env: Record<string, string> = {}) {
  const signals = new EventEmitter()
  const changes = new Changes()
  const said = { stdout: '', stderr: '' }
  const output = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text
      changes.tell()
    },
  })
  const stdin = new PassThrough()
  const exit = main(args, {
    env,
    stdin,
    stdout: output('stdout'),
    stderr: output('stderr'),
    cwd: tmpdir,
    pid: process.pid,
    kill: (pid, signal) => process.kill(pid, signal),
    on: (signal, listener) => signals.on(signal, listener),
    off: (signal, listener) => signals.off(signal, listener),
  })
  return {
    said,
    stdin,
    signals,
    exit: () => deadline(exit, 10_000, 'exit'),
    signal: (signal: EndSignal) => assert.ok(signals.emit(signal), 'nobody listens'),
    until: (text: string) =>
      changes.until(text, () => `${said.stdout}\n${said.stderr}`.includes(text)),
  }
}

const aJoin: JoinString = {
  host: 'relay.test',
  port: 443,
  pin: computePin(Buffer.from('a key')),
  key: generateAgentKey(),
}

const joinText = (join: JoinString): string => formatJoinString(join).reveal()

function connect(relay: StandInRelay, args: readonly string[], join: Partial<JoinString> = {}) {
  const env = { SALLYPORT_JOIN: joinText({ ...relay.join, ...join }) }
  return run(['connect', '--json', ...args], env)
}

test('main: --help and --version are results; a wrong command is usage', async () => {
  for (const args of [['--help'], ['connect', '-h'], ['help']]) {
    const help = run(args)
    assert.equal(await help.exit(), 0)
    assert.match(help.said.stdout, /^agent connect \[TARGET\]/)
    assert.equal(help.said.stderr, '')
  }
  const version = run(['--version'])
  assert.equal(await version.exit(), 0)
  assert.match(version.said.stdout, /^agent \d+\.\d+\.\d+\n$/)
  for (const args of [[], ['conect', '3000'], ['3000']]) {
    const wrong = run(args)
    assert.equal(await wrong.exit(), 2)
    assert.match(
      wrong.said.stderr,
      /^agent: command \(argument 1\).*needs agent connect.*\(SP_USAGE\)\n$/,
    )
    assert.equal(wrong.said.stdout, '')
  }
})

test('main: requests and replay say that no agent runs, and what they need', async () => {
  await using state = await temporaryDirectory()
  const env = { XDG_RUNTIME_DIR: state.path }
  for (const command of ['requests', 'replay 7']) {
    const alone = run(command.split(' '), env)
    assert.equal(await alone.exit(), 2)
    assert.match(alone.said.stderr, /^agent: no agent of yours runs with an inspector.*\n$/)
  }
})

test('main: a wrong configuration exits with 3, and under --json says so on stdout too', async () => {
  const wrong = run(['connect', '3000', '--json'], { SALLYPORT_JOIN: 'x' })
  assert.equal(await wrong.exit(), 3)
  assert.match(wrong.said.stderr, /^agent: join string \(SALLYPORT_JOIN\).*\n$/)
  const { event, exit, code } = JSON.parse(wrong.said.stdout) as Record<string, unknown>
  assert.deepEqual([event, exit, code], ['stopped', 3, 'SP_JOIN_STRING'])
})

test('main: a signal drains and exits with 0', async () => {
  await using relay = await startStandInRelay()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const agent = connect(relay, ['3000'])
    await agent.until('"event":"ready"')
    agent.signal(signal)
    assert.equal(await agent.exit(), 0)
    assert.match(agent.said.stdout, /"event":"draining"[^]*\{"v":1,"event":"stopped","exit":0\}\n$/)
    assert.equal(agent.signals.listenerCount(signal), 0)
  }
})

test('main: a second signal ends at once with 128 + n', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  const agent = connect(relay, [`127.0.0.1:${origin.port}`, '--url', 'tls://r0.test'])
  await agent.until('"event":"ready"')
  const session = await relay.session(0)
  const visitor = session.visit('r0', 'x')
  await visitor.until('an echo', () => visitor.receivedBytes === 1)
  agent.signal('SIGINT')
  await session.message('draining')
  agent.signal('SIGTERM')
  assert.equal(await agent.exit(), 143)
  assert.equal(await deadline(origin.endOf(0), 5_000, 'end at the origin'), 'reset')
  assert.match(agent.said.stdout, /"event":"stopped","exit":143/)
})

test('main: a signal ends an agent that never reached its relay with 0', async () => {
  const gone = await startStandInRelay()
  await gone[Symbol.asyncDispose]()
  const agent = connect(gone, ['3000'])
  await agent.until('"event":"reconnecting"')
  assert.match(agent.said.stderr, /nothing listens there/)
  agent.signal('SIGINT')
  assert.equal(await agent.exit(), 0)
})

test('main: exits as the relay refused it, and shows no secret whatever happens', async () => {
  await using relay = await startStandInRelay()
  const gone = await startStandInRelay()
  await gone[Symbol.asyncDispose]()
  const endedBy = async (code: 'SP_REPLACED' | 'SP_NOT_PERMITTED') => {
    await using other = await startStandInRelay()
    const agent = connect(other, ['3000', '-v'])
    await agent.until('"event":"ready"')
    ;(await other.session(0)).close(closeCodeOf(code))
    await agent.exit()
    return agent
  }
  const key = generateAgentKey()
  const runs = [
    [4, connect(relay, ['3000', '-v'], { key }), key],
    [6, connect(relay, ['3000', '-v'], { pin: computePin(Buffer.from('x')) }), relay.join.key],
    [5, connect(gone, ['3000', '-v', '--no-retry']), gone.join.key],
    [8, await endedBy('SP_REPLACED'), undefined],
    [4, await endedBy('SP_NOT_PERMITTED'), undefined],
  ] as const
  for (const [expected, agent, secret] of runs) {
    assert.equal(await agent.exit(), expected)
    const said = agent.said.stdout + agent.said.stderr
    assert.match(said, new RegExp(`"event":"stopped","exit":${expected},"code":"SP_`))
    assert.ok(!said.includes('sp1_'))
    if (secret) assert.ok(!said.includes(secret.token.reveal().slice(4, 20)))
  }
})

test('main: takes the join string from the first line of stdin, and waits for no more', async () => {
  await using relay = await startStandInRelay()
  const agent = run(['connect', '3000', '--join', '-'])
  const text = `\n${joinText(relay.join)}\nrest`
  for (const piece of [text.slice(0, 20), text.slice(20)]) agent.stdin.write(piece)
  await agent.until('https://r0.test → localhost:3000')
  assert.match(agent.said.stderr, /warning: anyone who knows this address can reach localhost:3000/)
  assert.equal(agent.said.stdout, '')
  assert.equal(agent.stdin.destroyed, true)
  agent.signal('SIGTERM')
  assert.equal(await agent.exit(), 0)
})

test('main: under -v a visit is an event and a line', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startStandInRelay()
  for (const [args, expected] of [
    [['-v'], true],
    [[], false],
  ] as const) {
    const target = `127.0.0.1:${origin.port}`
    const agent = connect(relay, [target, '--url', 'tls://r0.test', ...args])
    await agent.until('"event":"ready"')
    const visitor = (await relay.session(expected ? 0 : 1)).visit('r0', 'hello')
    visitor.stream.end()
    await visitor.ended()
    agent.signal('SIGINT')
    assert.equal(await agent.exit(), 0)
    assert.equal(agent.said.stdout.includes('"event":"visit","visitor":"192.0.2.7"'), expected)
    assert.equal(agent.said.stderr.includes('visit of 192.0.2.7 on r0: 5 bytes in'), expected)
  }
})

test('main: agent check says that all is good with 0, or all that is wrong with 3', async () => {
  await using directory = await temporaryDirectory()
  const config = directory.join('agent.yaml')
  const check = async (text: string, exit: number): Promise<string> => {
    await writeFile(config, text, { mode: 0o600 })
    const checked = run(['check', '--config', config], { SALLYPORT_JOIN: joinText(aJoin) })
    assert.equal(await checked.exit(), exit, checked.said.stderr)
    assert.equal(checked.said.stdout, '')
    return checked.said.stderr
  }
  const good = 'endpoints:\n  a:\n    target: 1\n  b:\n    target: 2\n    url: tcp://:0\n'
  assert.match(await check(good, 0), /the settings are good, 2 routes; read .*agent\.yaml\n$/)
  assert.match(await check('connections: 2\n', 0), /good, 0 routes/)
  const told = await check('conections: 2\nlog_level: loud\n', 3)
  assert.match(
    told,
    /^agent: 2 problems in .*agent\.yaml:\n {2}log level .*\n {2}setting .*\(SP_CONFIG\)\n$/,
  )
  const twice = 'endpoints:\n  a:\n    target: 1\n  b:\n    target: 2\n'
  assert.match(await check(twice, 3), /endpoint b \(endpoints\.b in .*:4:3\); needs a url/)
})

test('main: agent password makes a line of a password from stdin, and shows none', async () => {
  const made = run(['password', 'ann'])
  made.stdin.write('open sesame\n')
  assert.equal(await made.exit(), 0)
  assert.match(made.said.stdout, /^ann:\$scrypt\$ln=15,r=8,p=1\$\S+\$\S+\n$/)
  assert.ok(!`${made.said.stdout}${made.said.stderr}`.includes('sesame'))
  const wrong = run(['password', 'a:b'])
  assert.equal(await wrong.exit(), 2)
})
