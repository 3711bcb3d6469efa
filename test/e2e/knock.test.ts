// Unknown visitors knock, and a person lets them in or not: the agent alone decides, before its origin
// hears of anything.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { type IncomingMessage, createServer } from 'node:http'
import { request } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Knock, KnockAnswer } from '@sallyport/agent'
import { Changes } from '../support/changes.ts'
import { deadline } from '../support/deadline.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent, publicPort } from '../support/joined-agent.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { requires } from '../support/requires.ts'
import { type Program, repositoryRoot, runCommand } from '../support/run-program.ts'
import { endOf } from '../support/socket-end-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { visitTls } from '../support/visitor.ts'

/** The nth line with that text; never rejects, because the program may end without one. */
async function nthLine({ stdout }: Program, text: string, nth: number): Promise<string> {
  let seen = 0
  const pick = (line: string) => (line.includes(text) && ++seen === nth ? line : undefined)
  return await stdout.find(text, pick, 10_000).catch((error: unknown) => String(error))
}

/** A visitor from an address of its own, who speaks at once. */
function come(port: number, localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  const ended = endOf(socket)
  const answered = once(socket, 'data').then(
    ([chunk]) => String(chunk),
    () => ended,
  )
  socket.write('hello')
  return {
    socket,
    /** What it was answered, or how it ended. */
    outcome: () => deadline(Promise.race([answered, ended]), 5_000, 'outcome'),
  }
}

/** An agent whose knocks the test answers. */
async function guarded(relay: InProcessRelay, target: number, url: string) {
  const knocks: { knock: Knock; signal: AbortSignal; answer(answer: KnockAnswer): void }[] = []
  const changes = new Changes()
  const agent = await joinAgent(relay, target, {
    url,
    onKnock: (knock, signal) => {
      const { promise, resolve } = Promise.withResolvers<KnockAnswer>()
      knocks.push({ knock, signal, answer: resolve })
      changes.tell()
      return promise
    },
  })
  return {
    agent,
    knocks,
    knocked: async (nth = 0) => {
      await changes.until(`knock ${nth}`, () => knocks.length > nth)
      return knocks[nth] ?? assert.fail('no knock')
    },
  }
}

test('knock: the origin hears of a visitor only once it was let in, and then of every byte', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startInProcessRelay()
  const { agent, knocks, knocked } = await guarded(relay, origin.port, 'tcp://:0')
  await using _agent = agent
  const visitor = come(publicPort(agent))
  const { knock, answer } = await knocked()
  const target = `localhost:${origin.port}`
  assert.deepEqual(knock, { visitor: '127.0.0.1', url: agent.url, target })
  assert.equal(origin.sockets.length, 0)
  answer('hour')
  assert.equal(await visitor.outcome(), 'hello')
  const again = come(publicPort(agent))
  assert.equal(await again.outcome(), 'hello')
  assert.deepEqual([knocks.length, origin.sockets.length], [1, 2])
  for (const { socket } of [visitor, again]) socket.destroy()
})

test('knock: nothing is dialled for a visitor who is denied or leaves', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startInProcessRelay()
  const { agent, knocked } = await guarded(relay, origin.port, 'tcp://:0')
  await using _agent = agent
  const denied = come(publicPort(agent))
  ;(await knocked()).answer('deny')
  assert.equal(await denied.outcome(), 'reset')
  const fickle = come(publicPort(agent), '127.0.0.9')
  const { signal, answer } = await knocked(1)
  fickle.socket.resetAndDestroy()
  if (!signal.aborted) await deadline(once(signal, 'abort'), 5_000, 'end of the question')
  answer('always')
  // It knocks again: the answer came too late to be remembered.
  come(publicPort(agent), '127.0.0.9').socket.on('error', () => {})
  await knocked(2)
  assert.equal(origin.sockets.length, 0)
})

test('knock: who waits when the agent ends is not let in', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startInProcessRelay()
  const { agent, knocked } = await guarded(relay, origin.port, 'tcp://:0')
  const visitor = come(publicPort(agent))
  const { signal } = await knocked()
  await deadline(agent.close(), 5_000, 'end of the agent')
  assert.equal(await visitor.outcome(), 'reset')
  assert.deepEqual([signal.aborted, origin.sockets.length], [true, 0])
})

test('knock: a TLS visitor waits after its handshake and is cut off without a close_notify', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startInProcessRelay()
  const { agent, knocked } = await guarded(relay, origin.port, 'tls://a.test')
  await using _agent = agent
  await using visitor = await visitTls(relay.port, 'TLSv1.2', 'a.test')
  visitor.socket.resume()
  visitor.socket.write('x')
  ;(await knocked()).answer('deny')
  await deadline(visitor.ended, 5_000, 'end of the visitor')
  assert.deepEqual([visitor.alerts(), origin.sockets.length], [0, 0])
})

test('knock: a request on an https route waits and is answered, or its connection is cut off', async () => {
  await using relay = await startInProcessRelay()
  const server = createServer((_, response) => response.end('welcome'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { agent, knocks, knocked } = await guarded(relay, port, 'https://a.test')
  await using _agent = agent
  const ask = async (localAddress: string): Promise<string> => {
    const options = { port: relay.port, localAddress, servername: 'a.test', agent: false }
    const asked = request({ ...options, headers: { host: 'a.test' }, rejectUnauthorized: false })
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return await text(response)
  }
  const friend = ask('127.0.0.1')
  const { answer } = await knocked()
  answer('hour')
  assert.equal(await deadline(friend, 5_000, 'answer'), 'welcome')
  const stranger = ask('127.0.0.9')
  ;(await knocked(1)).answer('deny')
  await assert.rejects(
    deadline(stranger, 5_000, 'end of the stranger'),
    /socket hang up|ECONNRESET/,
  )
  assert.equal(knocks.length, 2)
  server.close()
  server.closeAllConnections()
})

test('knock: without a terminal unknown visitors are denied, and that is told', async () => {
  await using origin = await startOrigin(echo)
  await using relay = await startTestRelay()
  const args = [String(origin.port), '--url', 'tcp://:0', '--knock']
  await using agent = await startTestAgent(relay, args)
  assert.equal(await come(agent.port).outcome(), 'reset')
  const url = agent.url.href
  const expected = { visitor: '127.0.0.1', url, target: `localhost:${origin.port}` }
  assert.deepEqual(await agent.program.event('knock'), {
    v: 1,
    event: 'knock',
    ...expected,
    answer: 'deny',
    by: 'nobody',
  })
  await agent.program.errorLine('there is no terminal to ask at')
  assert.equal(origin.sockets.length, 0)
})

test(
  'knock: a person at a real terminal lets one in for good, and the next agent knows it',
  requires('script'),
  async () => {
    await using directory = await temporaryDirectory()
    await using origin = await startOrigin(echo)
    await using relay = await startTestRelay()
    const env = { SALLYPORT_JOIN: relay.join, XDG_STATE_HOME: directory.path, HOME: directory.path }
    const agentFile = `${repositoryRoot}/packages/agent/src/cli.ts`
    const start = (port: number) => {
      const flags = `--url tcp://:${port} --knock --json`
      const node = `'${process.execPath}' --conditions=@sallyport/source`
      const line = `exec ${node} -- '${agentFile}' connect ${origin.port} ${flags}`
      return runCommand('script', ['-qefc', line, '/dev/null'], { env })
    }
    let port = 0
    {
      await using agent = start(port)
      port = Number(new URL(String((await agent.event('ready'))['url'])).port)
      const friend = come(port)
      await agent.line('127.0.0.1 knocks at')
      const letIn = agent.event('knock').then(() => undefined)
      // What is typed before a person can have read the question is not taken.
      for (let tries = 1, next: string | undefined = ''; next !== undefined; tries++) {
        agent.stdin.write('always\n')
        next = await Promise.race([letIn, nthLine(agent, 'too quick', tries)])
      }
      assert.equal(await friend.outcome(), 'hello')
      const stranger = come(port, '127.0.0.9')
      await agent.line('127.0.0.9 knocks at')
      stranger.socket.resetAndDestroy()
      await agent.line('waits no longer')
      friend.socket.destroy()
      agent.stdin.write('\u0003')
      await agent.expectExit(0)
    }
    const path = directory.join('sallyport', 'known-visitors.json')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.match(await readFile(path, 'utf8'), /"visitor": "127\.0\.0\.1"/)
    {
      await using next = start(port)
      await next.event('ready')
      const friend = come(port)
      assert.equal(await friend.outcome(), 'hello')
      friend.socket.destroy()
    }
    // Its terminal is gone now, and the agent with it.
    assert.match(await nthLine(relay.program, '"event":"agent-left"', 2), /"agent":"first"/)
  },
)
