// `agent why` over a real relay, agent and origin, each hop broken in turn: the broken one is named.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Hop,
  type HopName,
  type WhyRoute,
  type WhyWorld,
  brokenOf,
  realWhyWorld,
  why,
} from '@sallyport/agent'
import { type Clock, systemClock } from '@sallyport/mux'
import {
  type ErrorCode,
  type JoinString,
  computePin,
  formatJoinString,
  generateAgentKey,
  parseRouteUrl,
  parseTarget,
} from '@sallyport/protocol'
import { startServer } from '../support/http-server.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { addKey, joinAgent, joinOf, publicPort } from '../support/joined-agent.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { Command } from '../support/command.ts'
import { visitUrl } from '../support/visit-url.ts'

const bareUrl = 'https://127.0.0.1'

/** Names under `.test` are this machine's. */
const here: WhyWorld = {
  ...realWhyWorld,
  resolve: async (name) => (name.endsWith('.test') ? ['127.0.0.1'] : realWhyWorld.resolve(name)),
}

interface Asked {
  readonly relay: InProcessRelay
  readonly join?: Partial<JoinString>
  readonly url?: string
  readonly target?: number
  readonly pool?: string
  readonly world?: Partial<WhyWorld>
}

async function ask({ relay, join, url = bareUrl, target, pool, world }: Asked) {
  const origin = target === undefined ? undefined : parseTarget(`127.0.0.1:${target}`, 'target')
  const route: WhyRoute = { url: parseRouteUrl(url, 'url'), ...(origin && { origin }), pool }
  const hops: Hop[] = []
  const options = { join: { ...joinOf(relay), ...join }, routes: [route] }
  for await (const hop of why(options, { ...here, ...world })) hops.push(hop)
  const broken = brokenOf(hops)
  return {
    hops,
    broken,
    hop: (name: HopName): Hop =>
      hops.find(({ hop }) => hop === name) ?? assert.fail(`no hop ${name}`),
    states: hops.map(({ hop, state }) => `${hop}: ${state}`),
    assertBroken(hop: HopName, code: ErrorCode, text: RegExp): void {
      assert.deepEqual([broken?.hop, broken?.code], [hop, code], JSON.stringify(hops, undefined, 1))
      assert.match(broken?.text ?? '', text)
      assert.ok(broken?.fix, 'no fix')
    },
  }
}

/** The port of something that listened a moment ago. */
async function closedPort(): Promise<number> {
  await using gone = await startOrigin(echo)
  return gone.port
}

test('why: every hop works, each has its time, and the agent goes on serving', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  await using agent = await joinAgent(relay, origin.port, { url: bareUrl })
  const asked = await ask({ relay, target: origin.port })
  assert.deepEqual(asked.states, [
    'relay name: ok',
    'relay port: ok',
    'relay key: ok',
    'session: ok',
    'route: ok',
    'public port: ok',
    'certificate: warn',
    'visit: ok',
    'origin: ok',
  ])
  for (const { hop, ms = -1 } of asked.hops) assert.ok(ms >= 0, hop)
  assert.match(asked.hop('route').text, /an agent with this key holds it/)
  assert.equal(await visitUrl(agent.url), 'hello')
  assert.ok(agent.isReady)
  const granted = relay.events.filter(({ event }) => event === 'route')
  assert.equal(granted.length, 1, 'only what the agent itself asked for')
})

test('why: the name of the relay does not resolve', async () => {
  await using relay = await startInProcessRelay()
  const asked = await ask({ relay, join: { host: 'relay.invalid' } })
  asked.assertBroken('relay name', 'SP_UNREACHABLE', /relay\.invalid does not resolve \(E\w+\)/)
  assert.equal(asked.hops.length, 1)
})

test('why: nothing listens on the port of the relay', async () => {
  await using relay = await startInProcessRelay()
  const asked = await ask({ relay, join: { port: await closedPort() } })
  asked.assertBroken('relay port', 'SP_UNREACHABLE', /nothing listens there \(ECONNREFUSED\)/)
})

test('why: what listens there is no relay', async () => {
  await using relay = await startInProcessRelay()
  await using other = await startOrigin((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
  const asked = await ask({ relay, join: { port: other.port } })
  asked.assertBroken('relay key', 'SP_UNREACHABLE', /not a relay/)
})

test('why: the relay shows another key', async () => {
  await using relay = await startInProcessRelay()
  const asked = await ask({ relay, join: { pin: computePin(Buffer.from('another')) } })
  asked.assertBroken('relay key', 'SP_PIN_MISMATCH', /another key than the join string pins/)
})

test("why: the relay does not know the agent's key", async () => {
  await using relay = await startInProcessRelay()
  const asked = await ask({ relay, join: { key: generateAgentKey() } })
  asked.assertBroken('session', 'SP_KEY_REFUSED', /does not know this agent's key/)
  assert.equal(asked.hop('relay key').state, 'ok')
})

test('why: the route is not permitted, or another key holds it', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  const key = await addKey(relay, 'second', 'app.test')
  const refused = await ask({ relay, join: { key }, url: 'https://other.test' })
  refused.assertBroken('route', 'SP_NOT_PERMITTED', /agent second may claim app\.test/)
  await using holder = await joinAgent(relay, origin.port, { url: 'https://app.test' })
  const held = await ask({ relay, join: { key }, url: 'https://app.test' })
  held.assertBroken('route', 'SP_ROUTE_HELD', /another agent key holds https:\/\/app\.test/)
  assert.ok(holder.isReady)
})

test('why: nobody serves a route that is free, and it stays free', async () => {
  await using relay = await startInProcessRelay({ tcpPorts: { first: 1_024, last: 65_535 } })
  const bare = await ask({ relay })
  bare.assertBroken('visit', 'SP_NO_AGENT', /nobody serves https:\/\/127\.0\.0\.1/)
  const named = await ask({ relay, url: 'tls://app.test' })
  named.assertBroken('certificate', 'SP_NO_AGENT', /knows nobody who serves app\.test/)
  const port = await ask({ relay, url: `tcp://:${await closedPort()}` })
  port.assertBroken('public port', 'SP_NO_AGENT', /nobody serves tcp:/)
  assert.ok(!relay.events.some(({ event }) => event === 'route'))
})

test('why: the public name does not resolve, or leads elsewhere', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  await using agent = await joinAgent(relay, origin.port, { url: 'https://app.test' })
  const nowhere = await ask({
    relay,
    url: 'https://app.test',
    world: { resolve: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })) },
  })
  nowhere.assertBroken('public name', 'SP_DNS_RECORD', /app\.test does not resolve \(ENOTFOUND\)/)
  const elsewhere = await ask({
    relay,
    url: 'https://app.test',
    world: { resolve: () => Promise.resolve(['127.0.0.77']) },
  })
  assert.equal(elsewhere.hop('public name').state, 'warn')
  assert.match(elsewhere.hop('public name').text, /127\.0\.0\.77; the relay is at 127\.0\.0\.1/)
  elsewhere.assertBroken('public port', 'SP_UNREACHABLE', /127\.0\.0\.77:\d+: nothing listens/)
  assert.ok(agent.isReady)
})

test('why: the certificate has expired', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, origin.port, { url: bareUrl })
  const asked = await ask({ relay, world: { today: () => new Date('2099-01-01') } })
  asked.assertBroken('certificate', 'SP_CERTIFICATE', /expired on 20\d\d-\d\d-\d\d/)
  assert.equal(asked.hop('visit').state, 'ok')
})

test('why: nothing listens at the target, and the ports that are served are named', async () => {
  await using relay = await startInProcessRelay()
  const target = await closedPort()
  await using _agent = await joinAgent(relay, target, { url: bareUrl })
  const asked = await ask({ relay, target })
  asked.assertBroken('origin', 'SP_ORIGIN_REFUSED', /refused the connection/)
  assert.equal(asked.hop('visit').state, 'broken')
  const listed = await ask({
    relay,
    target,
    world: { listListeners: () => Promise.resolve([22, 5173]) },
  })
  assert.match(listed.broken?.fix ?? '', /ports that are served here: 22, 5173$/)
})

test('why: the agent is away, so that the relay lets visitors wait', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  const agent = await joinAgent(relay, origin.port, { url: bareUrl })
  await agent.destroy()
  // Nobody will answer: no need to wait for as long as people would.
  const clock: Clock = {
    ...systemClock,
    setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms === 10_000 ? 300 : ms),
  }
  const asked = await ask({ relay, target: origin.port, world: { clock } })
  asked.assertBroken('visit', 'SP_CHANNEL_TIMEOUT', /no answer to a GET within 10 s/)
  assert.equal(asked.hop('origin').state, 'ok')
})

test('why: a page of the edge names the hop that it tells of', async () => {
  await using origin = await startServer((_request, response) => {
    response.writeHead(502, { 'sallyport-error': 'SP_ORIGIN_UNTRUSTED' })
    response.end('{"message":"its certificate is old"}')
  })
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, origin.port, { url: bareUrl })
  const asked = await ask({ relay })
  asked.assertBroken('visit', 'SP_ORIGIN_UNTRUSTED', /its certificate is old/)
})

test('why: a development server refuses the host, and the line to change is told', async () => {
  await using origin = await startServer((_request, response) => {
    response.writeHead(403).end('Invalid Host header')
  })
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, origin.port, { url: 'https://app.test' })
  const asked = await ask({ relay, url: 'https://app.test', target: origin.port })
  asked.assertBroken('visit', 'SP_ORIGIN_HOST', /webpack-dev-server refuses the host app\.test/)
  assert.match(asked.broken?.fix ?? '', /devServer: \{ allowedHosts: \['app\.test'\] \}/)
})

test('why: raw routes are watched: one that speaks, one that is silent, one that is cut off', async () => {
  await using speaking = await startOrigin((socket) => void socket.write('220 mail\r\n'))
  await using silent = await startOrigin(echo)
  await using relay = await startInProcessRelay()
  const visitOf = async (target: number, url: string): Promise<Hop> => {
    await using agent = await joinAgent(relay, target, { url, channelTimeoutSeconds: 1 })
    const shown = url.endsWith(':0') ? `tcp://:${publicPort(agent)}` : url
    return (await ask({ relay, url: shown, target })).hop('visit')
  }
  assert.match((await visitOf(speaking.port, 'tcp://:0')).text, /the service speaks to us/)
  assert.match((await visitOf(speaking.port, 'tls://mail.test')).text, /the service speaks to us/)
  assert.match((await visitOf(silent.port, 'tcp://:0')).text, /the connection stands/)
  const cut = await visitOf(await closedPort(), 'tcp://:0')
  assert.deepEqual([cut.state, cut.code], ['broken', 'SP_ORIGIN_REFUSED'])
})

test('why: a pool is asked for as one', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  const key = await addKey(relay, 'second', 'app.test,pool:blue')
  const url = 'https://app.test'
  await using _agent = await joinAgent(relay, origin.port, { url, pool: 'blue' })
  const asked = await ask({ relay, join: { key }, url, pool: 'blue' })
  assert.equal(asked.broken, undefined)
  const alone = await ask({ relay, join: { key }, url })
  alone.assertBroken('route', 'SP_ROUTE_HELD', /not asked for as a pool/)
})

test('why: the program prints it, as lines and as events, and exits with what is broken', async () => {
  await using origin = await startServer((_request, response) => response.end('hello'))
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, origin.port, { url: bareUrl })
  const env = { SALLYPORT_JOIN: formatJoinString(joinOf(relay)).reveal() }
  {
    await using program = new Command(['why', String(origin.port)], env)
    await program.expectExit(0)
    assert.match(program.stdout, /✓ visit +[\d.]+ ms {2}GET \/ is answered 200\n/)
    assert.match(program.stdout, /\nevery hop works\n$/)
  }
  {
    const args = ['why', 'https://nobody.invalid', '--json']
    await using program = new Command(args, env)
    await program.expectExit(3)
    const { hop, code, exit } = await program.event('why')
    assert.deepEqual([hop, code, exit], ['public name', 'SP_DNS_RECORD', 3])
  }
  await relay.relay.destroy()
  await using program = new Command(['why'], env)
  await program.expectExit(5)
  assert.match(program.stdout, /✗ relay port.*ECONNREFUSED.*\n +→ is the relay up/)
})
