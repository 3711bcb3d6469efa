// `relay` as a process: what it says first, agents added and removed while it runs, signals and how it
// ends. Its settings, files and refusals are tested without a process in packages/relay/src.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type JoinString, generateAgentKey, matchesPin, parseJoinString } from '@sallyport/protocol'
import { main } from '@sallyport/relay'
import { type BareAgent, connectBareAgent, echoStream } from '../support/bare-agent.ts'
import { deadline, until } from '../support/deadline.ts'
import { FakeProcess } from '../support/fake-process.ts'
import { type Program, runProgram } from '../support/run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { type Visitor, visit } from '../support/visitor.ts'

/** Runs a short command of the relay, in this process. */
async function run(
  directory: TemporaryDirectory,
  args: readonly string[],
  exit = 0,
): Promise<FakeProcess> {
  const process = new FakeProcess(directory.path)
  assert.equal(await main([...args, '--dir', directory.path], process), exit, process.err.join())
  return process
}

async function init(directory: TemporaryDirectory): Promise<JoinString> {
  const where = ['--host', '127.0.0.1', '--listen', '127.0.0.1:8443', '--tcp-ports', '20000-32000']
  const { out } = await run(directory, ['init', ...where])
  return parseJoinString(out[0] ?? '', 'stdout')
}

/** Starts `relay --dir D` on a free port and waits until it listens. */
async function start(directory: TemporaryDirectory): Promise<{ relay: Program; port: number }> {
  const relay = runProgram('relay', ['--dir', directory.path, '--listen', '127.0.0.1:0', '--json'])
  const { address, host, v } = await relay.event('listening')
  assert.deepEqual([v, host], [1, '127.0.0.1'])
  return { relay, port: Number(String(address).split(':').at(-1)) }
}

/** An agent with a visitor in mid-visit. */
async function startVisit(
  port: number,
  { key }: JoinString,
): Promise<{ agent: BareAgent; visitor: Visitor }> {
  const agent = await connectBareAgent({ port, key, onStream: (stream) => echoStream(stream) })
  const [route] = await agent.register(['tcp://:0'])
  const visitor = await visit(Number(new URL(route?.url ?? '').port))
  visitor.socket.write('x')
  await until(visitor.socket, 'data')
  return { agent, visitor }
}

test('relay: its first start says what being public means, the next does not', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  for (const isFirst of [true, false]) {
    await using relay = runProgram('relay', ['--dir', directory.path, '--listen', '127.0.0.1:0'])
    await relay.errorLine('listening on 127.0.0.1:')
    if (isFirst) await relay.errorLine(/reachable by anyone on 127\.0\.0\.1:\d+/)
    relay.signal('SIGTERM')
    await relay.expectExit(0)
    assert.equal(relay.stderr.text.includes('reachable by anyone'), isFirst)
    assert.equal(relay.stdout.text, '')
  }
})

test('relay: shows agents the key whose pin stands in the join string, whatever the SNI', async () => {
  await using directory = await temporaryDirectory()
  const join = await init(directory)
  const { relay, port } = await start(directory)
  await using _ = relay
  for (const servername of ['', 'other.test']) {
    const options = { port, host: '127.0.0.1', ALPNProtocols: ['sallyport/1'], servername }
    const socket = connectTls({ ...options, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
    assert.ok(key && matchesPin(join.pin, key))
    socket.destroy()
  }
})

test('relay agents: act on a running relay at once, and last over its restart', async () => {
  await using directory = await temporaryDirectory()
  const first = await init(directory)
  const { relay, port } = await start(directory)
  await using _ = relay
  assert.equal((await stat(directory.join('admin.sock'))).mode & 0o777, 0o600)
  const added = await run(directory, ['agents', 'add', 'guest', '--allow', 'tls.test'])
  assert.equal(added.out.length, 1)
  const join = parseJoinString(added.out[0] ?? '', 'stdout')
  // The join string names the port that the relay really has.
  assert.deepEqual([join.port, join.pin], [port, first.pin])
  const guest = await connectBareAgent({ port, key: join.key })
  await guest.register(['tls://tls.test'])
  assert.match((await run(directory, ['agents', 'ls'])).out.join('\n'), /^guest\t/m)
  assert.match((await run(directory, ['agents', 'add', 'guest'], 2)).err.join(), /"guest" exists/)
  assert.match(
    (await run(directory, ['agents', 'rm', 'nobody'], 2)).err.join(),
    /no agent is named/,
  )
  await run(directory, ['agents', 'rm', 'guest'])
  assert.equal((await deadline(guest.closed, 5_000, 'close')).closeCode, 4010)
  await assert.rejects(connectBareAgent({ port, key: join.key }), /401/)
  relay.signal('SIGKILL')
  await relay.exited
  // The socket that a killed relay left behind is nobody.
  assert.deepEqual((await run(directory, ['agents', 'ls'])).out, [`first\t${first.key.keyId}\t*`])
  const again = await start(directory)
  await using agent = await connectBareAgent({ port: again.port, key: first.key })
  await agent.register(['tls://tls.test'])
  again.relay.signal('SIGTERM')
  await again.relay.expectExit(0)
  assert.ok(!(await readdir(directory.path)).includes('admin.sock'))
})

test('relay: a second one of the same D ends with 7, and the first stays in reach', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  const { relay } = await start(directory)
  await using _ = relay
  const second = await run(directory, ['--listen', '127.0.0.1:0'], 7)
  assert.match(second.err.join(), /another relay runs/)
  assert.match((await run(directory, ['agents', 'ls'])).out.join(), /^first/)
})

test('relay: what talks nonsense to the admin socket is answered and closed', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  const { relay } = await start(directory)
  await using _ = relay
  for (const line of ['', 'nonsense', '{}', '{"do":"reboot"}', '{"do":"add","name":"x"}']) {
    const socket = connect(directory.join('admin.sock'))
    socket.write(`${line}\n`)
    const [answer] = await until(socket, 'data')
    assert.deepEqual(JSON.parse(String(answer)) as unknown, {
      ok: false,
      code: 'SP_STATE',
      message: 'the request is not one that this relay knows',
    })
    await deadline(once(socket, 'close'), 5_000, 'close')
  }
  const endless = connect(directory.join('admin.sock'))
  const closed = new Promise((resolve) => endless.once('close', resolve))
  endless.on('error', () => {})
  endless.resume()
  endless.write('x'.repeat(2 * 1024 * 1024))
  await deadline(closed, 5_000, 'close')
  assert.match((await run(directory, ['agents', 'ls'])).out.join(), /^first/)
})

test('relay: a visit that runs is finished before SIGTERM ends it with 0', async () => {
  await using directory = await temporaryDirectory()
  const join = await init(directory)
  const { relay, port } = await start(directory)
  await using _ = relay
  const { agent, visitor } = await startVisit(port, join)
  relay.signal('SIGTERM')
  assert.equal((await relay.event('draining'))['visitors'], 1)
  await agent.message('draining')
  visitor.socket.end('the end')
  assert.equal(String((await until(visitor.socket, 'data'))[0]), 'the end')
  await relay.expectExit(0)
  await relay.event('stopped')
  assert.equal(await visitor.ended, 'end')
})

for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`relay: a second ${signal} ends it at once with ${exit}, and visits are aborted`, async () => {
    await using directory = await temporaryDirectory()
    const join = await init(directory)
    const { relay, port } = await start(directory)
    await using _ = relay
    const { visitor } = await startVisit(port, join)
    relay.signal(signal)
    await relay.event('draining')
    relay.signal(signal)
    await relay.expectExit(exit, 3_000)
    assert.equal(await deadline(visitor.ended, 3_000, 'end of the visit'), 'reset')
  })
}

test('sallyport relay is relay, sallyport agent is agent', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  await using listed = runProgram('sallyport', ['relay', 'agents', 'ls', '--dir', directory.path])
  await listed.expectExit(0)
  assert.match(listed.stdout.text, /^first\t/)
  await using agent = runProgram('sallyport', ['agent', 'conect'])
  await agent.expectExit(2)
  assert.match(agent.stderr.text, /^agent: .*"conect"/)
  await using wrong = runProgram('sallyport', ['rleay'])
  await wrong.expectExit(2)
  assert.match(wrong.stderr.text, /"rleay"/)
})

test('relay: what it said, and what ended it, is kept where a provisioner may ask for it', async () => {
  await using directory = await temporaryDirectory()
  await init(directory)
  const serve = async (): Promise<void> => {
    const process = new FakeProcess(directory.path)
    const ended = main(['--dir', directory.path, '--listen', '127.0.0.1:0'], process)
    while (!process.err.some((line) => line.includes('listening'))) await until(process, 'said')
    process.emit('uncaughtExceptionMonitor', new Error('the fault of a test'))
    process.emit('SIGTERM', 'SIGTERM')
    assert.equal(await deadline(ended, 10_000, 'end'), 0)
  }
  await serve()
  assert.ok(!(await readdir(directory.path)).includes('log.txt'), 'nobody may ask')
  const { publicKey } = generateAgentKey()
  const key = JSON.stringify({ v: 1, public_key: publicKey.toString('base64url') })
  await writeFile(directory.join('deploy.json'), key)
  await serve()
  await serve()
  const log = await readFile(directory.join('log.txt'), 'utf8')
  const told = [
    ...log.matchAll(/listening on|\(SP_INTERNAL\): Error: the fault of a test|stopped/g),
  ]
  const once = ['listening on', '(SP_INTERNAL): Error: the fault of a test', 'stopped']
  assert.deepEqual(
    told.map(([words]) => words),
    [...once, ...once],
  )
})
