// Settings that change while visitors are served: endpoints of an agent, permissions and limits of a
// relay. Nobody's visit is touched, and what cannot change is said.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { test } from 'node:test'
import { deadline } from '../support/deadline.ts'
import { type Origin, echo, startOrigin } from '../support/origin.ts'
import { type Program, runProgram } from '../support/run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { type TestRelay, startTestRelay } from '../support/tunnel.ts'
import { type Visitor, visitTls } from '../support/visitor.ts'

type Endpoints = Readonly<Record<string, { readonly target: number; readonly url: string }>>

async function write(
  directory: TemporaryDirectory,
  endpoints: Endpoints,
  more = '',
): Promise<void> {
  const text = `${more}endpoints: ${JSON.stringify(endpoints)}\n`
  await writeFile(directory.join('agent.yaml'), text)
}

function startAgent(relay: TestRelay, directory: TemporaryDirectory): Program {
  return runProgram('agent', ['connect', '--all', '--json', '--config', 'agent.yaml'], {
    env: { SALLYPORT_JOIN: relay.join },
    cwd: directory.path,
  })
}

/** The urls of the nth `ready` event. */
async function ready(agent: Program, nth: number): Promise<readonly string[]> {
  const event = await agent.stdout.find(
    `ready event ${nth}`,
    () => agent.stdout.all.filter((line) => line.includes('"event":"ready"'))[nth],
    10_000,
  )
  const { routes } = JSON.parse(event) as { routes: readonly { url: string }[] }
  return routes.map(({ url }) => url.replace(/:\d+$/, ''))
}

const visitName = (relay: TestRelay, servername: string) =>
  visitTls(relay.port, 'TLSv1.3', servername)

async function ask(visitor: Visitor, question: string): Promise<string> {
  visitor.socket.write(question)
  const [answer] = (await deadline(once(visitor.socket, 'data'), 5_000, 'answer')) as [Buffer]
  return answer.toString()
}

/** An origin that answers with its name. */
const named = (name: string): Promise<Origin> =>
  startOrigin((socket) => {
    socket.on('data', (chunk) => socket.write(`${name}:${String(chunk)}`))
    socket.on('end', () => socket.end())
  })

test('agent: endpoints are added, removed and changed without touching a visit', async () => {
  await using directory = await temporaryDirectory()
  await using one = await named('one')
  await using two = await named('two')
  await using relay = await startTestRelay()
  await write(directory, {
    a: { target: one.port, url: 'tls://a.test' },
    b: { target: one.port, url: 'tls://b.test' },
  })
  await using agent = startAgent(relay, directory)
  assert.deepEqual(await ready(agent, 0), ['tls://a.test', 'tls://b.test'])
  await using onA = await visitName(relay, 'a.test')
  await using onB = await visitName(relay, 'b.test')
  assert.deepEqual([await ask(onA, '1'), await ask(onB, '1')], ['one:1', 'one:1'])

  // By the file's change alone.
  await write(
    directory,
    { a: { target: two.port, url: 'tls://a.test' }, c: { target: two.port, url: 'tls://c.test' } },
    'connections: 2\n',
  )
  assert.deepEqual(await ready(agent, 1), ['tls://a.test', 'tls://c.test'])
  await agent.errorLine('--connections cannot change while the agent runs: start it again')
  await using againA = await visitName(relay, 'a.test')
  await using onC = await visitName(relay, 'c.test')
  assert.deepEqual([await ask(againA, '2'), await ask(onC, '2')], ['two:2', 'two:2'])
  assert.deepEqual([await ask(onA, '3'), await ask(onB, '3')], ['one:3', 'one:3'])
  await assert.rejects(visitName(relay, 'b.test'), /unrecognized name|alert number 112/)

  await writeFile(directory.join('agent.yaml'), 'endpoint: 1\n')
  agent.signal('SIGHUP')
  await agent.errorLine(/nothing was changed: setting .*did you mean endpoints\?/)
  assert.equal(await ask(onC, '4'), 'two:4')
  agent.signal('SIGTERM')
  for (const visitor of [onA, onB, againA, onC]) visitor.socket.end()
  await agent.expectExit(0)
})

test('agent: a change that the relay refuses leaves everything as it was, also after an outage', async () => {
  await using directory = await temporaryDirectory()
  await using one = await named('one')
  await using relay = await startTestRelay()
  const endpoints = { a: { target: one.port, url: 'tls://a.test' } }
  await write(directory, endpoints)
  await using agent = startAgent(relay, directory)
  await ready(agent, 0)
  await using onA = await visitName(relay, 'a.test')
  assert.equal(await ask(onA, '1'), 'one:1')
  await write(directory, { ...endpoints, b: { target: 1, url: 'tls://127.0.0.9' } })
  agent.signal('SIGHUP')
  const notice = await agent.event('notice')
  assert.match(String(notice['message']), /^the routes stay as they were: tls:\/\/127\.0\.0\.9/)
  assert.equal(notice['code'], 'SP_NOT_PERMITTED')
  assert.equal(await ask(onA, '2'), 'one:2')
  await relay.kill()
  await agent.event('lost')
  await relay.start()
  assert.deepEqual(await ready(agent, 1), ['tls://a.test'])
})

test('relay: permissions, limits and the log level change without touching a visit', async () => {
  await using directory = await temporaryDirectory()
  await using one = await startOrigin(echo)
  await using relay = await startTestRelay()
  await write(directory, {
    a: { target: one.port, url: 'tls://a.test' },
    b: { target: one.port, url: 'tls://b.test' },
  })
  await using agent = startAgent(relay, directory)
  await ready(agent, 0)
  await using onA = await visitName(relay, 'a.test')
  await using onB = await visitName(relay, 'b.test')
  assert.deepEqual([await ask(onA, '1'), await ask(onB, '1')], ['1', '1'])

  const path = relay.directory.join('agents.json')
  const agents = await readFile(path, 'utf8')
  await writeFile(path, agents.replace('"*"', '"a.test"'))
  const notice = await agent.event('notice')
  assert.match(String(notice['message']), /may no longer claim tls:\/\/b\.test/)
  await assert.rejects(visitName(relay, 'b.test'))
  assert.deepEqual([await ask(onA, '2'), await ask(onB, '2')], ['2', '2'])

  await writeFile(relay.directory.join('relay.yaml'), 'log_level: error\nhost: b.test\n')
  relay.program.signal('SIGHUP')
  await relay.program.errorLine(/--host cannot change while the relay runs/)
  await writeFile(relay.directory.join('relay.yaml'), 'log_levl: error\n')
  relay.program.signal('SIGHUP')
  await relay.program.errorLine(/nothing was changed: .*did you mean log_level\?/)
  assert.equal(await ask(onA, '3'), '3')
})

test('relay: an agent that is taken out of agents.json is gone at once', async () => {
  await using directory = await temporaryDirectory()
  await using relay = await startTestRelay()
  await write(directory, { a: { target: 1, url: 'tcp://:0' } })
  await using agent = startAgent(relay, directory)
  const event = await agent.event('ready')
  await writeFile(relay.directory.join('agents.json'), '{"v":1,"agents":[]}\n')
  await agent.expectExit(4)
  const port = Number(new URL(String(event['url'])).port)
  const socket = connect(port, '127.0.0.1')
  await assert.rejects(once(socket, 'connect'), /ECONNREFUSED/)
})
