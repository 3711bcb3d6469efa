// What a relay tells of itself: status, metrics, health, the log of visits. All of it read-only, none of
// it secret.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rename, stat } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { main } from '@sallyport/relay'
import { deadline } from '../support/deadline.ts'
import { FakeProcess } from '../support/fake-process.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { type Program, runProgram } from '../support/run-program.ts'
import { type TestRelay, runAgent, startTestRelay } from '../support/tunnel.ts'
import { visit } from '../support/visitor.ts'

interface Observed {
  readonly relay: TestRelay
  readonly program: Program
  readonly admin: number
}

/** The relay of a directory, started anew with an admin port and an access log. */
async function observe(relay: TestRelay): Promise<Observed> {
  await relay.kill()
  const program = runProgram('relay', [
    '--dir',
    relay.directory.path,
    '--listen',
    `127.0.0.1:${relay.port}`,
    '--json',
    '--admin',
    '127.0.0.1:0',
    '--access-log',
    relay.directory.join('access.log'),
  ])
  const { admin } = await program.event('listening')
  return { relay, program, admin: Number(String(admin).split(':').at(-1)) }
}

async function get(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request({ port, host: '127.0.0.1', path, headers, method }, resolve).on('error', reject).end()
  const answer = await deadline(promise, 5_000, 'answer')
  let text = ''
  for await (const chunk of answer) text += String(chunk)
  return { status: answer.statusCode, text }
}

async function status(relay: TestRelay, exit = 0, ...flags: string[]): Promise<FakeProcess> {
  const process = new FakeProcess('/')
  assert.equal(await main(['status', '--dir', relay.directory.path, ...flags], process), exit)
  return process
}

test('observing: status, metrics and health tell of agents, routes and visitors', async () => {
  await using origin = await startOrigin(echo)
  await using first = await startTestRelay()
  const { relay, program, admin } = await observe(first)
  await using _ = program
  await using agent = runAgent(relay.join, [String(origin.port), '--url', 'tcp://:0'])
  const url = new URL(String((await agent.event('ready'))['url']))
  await using visitor = await visit(Number(url.port))
  visitor.socket.write('hello')
  await once(visitor.socket, 'data')

  const people = (await status(relay)).out.join('\n')
  assert.match(
    people,
    /^serving on 127\.0\.0\.1:\d+ as 127\.0\.0\.1 for \d+ s\nvisitors 1, parked 0/,
  )
  assert.match(people, /agent first \(\*\): 1 sessions\n {2}0 from 127\.0\.0\.1, sallyport-agent/)
  assert.match(
    people,
    /route tcp:\/\/127\.0\.0\.1:\d+: served by first, 1 sessions, 1 visitors, 0 parked/,
  )
  const [line = ''] = (await status(relay, 0, '--json')).out
  const told = JSON.parse(line) as { v: number; event: string; visitors: number }
  assert.deepEqual([told.v, told.event, told.visitors], [1, 'status', 1])
  assert.equal((await get(admin, '/health')).text, 'serving\n')
  assert.match((await get(admin, '/status')).text, /"visitors":1,/)

  visitor.socket.end()
  visitor.socket.resume()
  await deadline(visitor.ended, 5_000, 'end of the visit')
  const metrics = (await get(admin, '/metrics')).text
  for (const sample of [
    'sallyport_visitors 0',
    'sallyport_sessions 1',
    'sallyport_routes 1',
    'sallyport_visits_total{ended_by="end"} 1',
    'sallyport_visit_bytes_total{direction="in"} 5',
    'sallyport_visit_bytes_total{direction="out"} 5',
    'sallyport_visit_seconds_count 1',
    'sallyport_events_total{event="agent-joined"} 1',
    'sallyport_refused_total{why="visitors"} 0',
  ]) {
    assert.ok(metrics.includes(`\n${sample}\n`), `${sample} is not in ${metrics}`)
  }
  const all = people + line + metrics
  assert.ok(!/sp1_|sallyport:\/\//.test(all), 'a secret')
})

test('observing: the admin port answers programs of this machine only, and changes nothing', async () => {
  await using first = await startTestRelay()
  const { program, admin } = await observe(first)
  await using _ = program
  for (const [path, headers, method, expected] of [
    ['/health', {}, 'GET', 200],
    ['/health', { host: 'localhost:1' }, 'HEAD', 200],
    ['/metrics', { host: 'evil.test' }, 'GET', 403],
    ['/status', { origin: 'http://127.0.0.1:1' }, 'GET', 403],
    ['/health', {}, 'POST', 405],
    ['/', {}, 'GET', 404],
    ['/health?x', {}, 'GET', 404],
  ] as const) {
    assert.equal((await get(admin, path, headers, method)).status, expected, method + path)
  }
})

test('observing: health is 503 while the relay drains', async () => {
  await using origin = await startOrigin(echo)
  await using first = await startTestRelay()
  const { relay, program, admin } = await observe(first)
  await using _ = program
  await using agent = runAgent(relay.join, [String(origin.port), '--url', 'tcp://:0'])
  await using visitor = await visit(
    Number(new URL(String((await agent.event('ready'))['url'])).port),
  )
  visitor.socket.write('x')
  await once(visitor.socket, 'data')
  program.signal('SIGTERM')
  await program.event('draining')
  const health = await get(admin, '/health')
  assert.deepEqual([health.status, health.text], [503, 'draining\n'])
  visitor.socket.destroy()
  await program.expectExit(0)
})

test('observing: the access log has a line for each visit, and a new file after SIGHUP', async () => {
  await using origin = await startOrigin(echo)
  await using first = await startTestRelay()
  const { relay, program } = await observe(first)
  await using _ = program
  const args = [String(origin.port), '--url', 'tcp://:0', '--deny-from', '127.0.0.9']
  await using agent = runAgent(relay.join, args)
  const port = Number(new URL(String((await agent.event('ready'))['url'])).port)
  const path = relay.directory.join('access.log')
  const come = async (): Promise<number | undefined> => {
    await using visitor = await visit(port)
    const { localPort } = visitor.socket
    visitor.socket.end('hello')
    visitor.socket.resume()
    await deadline(visitor.ended, 5_000, 'end of the visit')
    return localPort
  }
  const localPort = await come()
  const before = relay.directory.join('access.log.1')
  await rename(path, before)
  program.signal('SIGHUP')
  await program.errorLine('settings and agents were read again')
  await come()
  program.signal('SIGTERM')
  await program.expectExit(0)

  const lines = async (file: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  const [line, ...more] = await lines(before)
  assert.ok(line && more.length === 0)
  const { time, ms, ...rest } = line
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000 && Number(ms) >= 0)
  assert.deepEqual(rest, {
    v: 1,
    event: 'visit',
    route: `tcp://127.0.0.1:${port}`,
    agent: 'first',
    visitor: `127.0.0.1:${localPort}`,
    bytesIn: 5,
    bytesOut: 5,
    endedBy: 'end',
  })
  assert.equal((await lines(path)).length, 1)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('observing: where no relay runs, status says so with 3', async () => {
  await using relay = await startTestRelay()
  await relay.kill()
  const { err } = await status(relay, 3)
  assert.match(err.join(), /no relay runs with .*SP_STATE/)
})
