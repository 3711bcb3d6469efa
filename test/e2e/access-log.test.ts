// What is told of a visit: every field that docs/configuration.md names, and no other; which side ended
// it; nothing of what passed through.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RelayEvent } from '@sallyport/relay'
import { connectBareAgent, echoStream } from '../support/bare-agent.ts'
import { deadline } from '../support/deadline.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { ask } from '../support/neighbourhood.ts'
import { readRepositoryFile } from '../support/repository.ts'
import { type Visitor, visit } from '../support/visitor.ts'

type Visit = Extract<RelayEvent, { event: 'visit' }>

const secret = 'what nobody else may read'

/** The visit of that visitor, once it is over, and what it must not hold. */
async function visitOf(
  relay: InProcessRelay,
  localPort: number | undefined,
): Promise<Omit<Visit, 'ms' | 'visitor' | 'route'>> {
  const visitor = `127.0.0.1:${localPort}`
  const event = await relay.event(
    'end of the visit',
    (one) => one.event === 'visit' && one.visitor === visitor,
  )
  assert.ok(event.event === 'visit' && Number.isInteger(event.ms) && event.ms >= 0)
  assert.match(event.route, /^tcp:\/\/127\.0\.0\.1:\d+$/)
  assert.ok(!JSON.stringify(event).includes(secret))
  const { ms: _ms, visitor: _visitor, route: _route, ...rest } = event
  return rest
}

/** A visit that has said the secret and heard it; a socket that is closed does not know its port. */
async function served(port: number): Promise<Visitor & { readonly localPort: number | undefined }> {
  const visitor = await visit(port)
  assert.equal(await ask(visitor, secret), secret)
  return { ...visitor, localPort: visitor.socket.localPort }
}

const heard = { event: 'visit', agent: 'first', bytesIn: secret.length, bytesOut: secret.length }

test('access log: tells which side ended a visit, and whose agent served it', async () => {
  const relay = await startInProcessRelay({ drainGraceMs: 1 })
  await using _relay = relay
  let breakOff = (): void => {}
  await using agent = await connectBareAgent({
    ...relay,
    onStream: (stream) => {
      breakOff = () => stream.reset()
      echoStream(stream)
    },
  })
  const [route] = await agent.register(['tcp://:0'])
  const port = Number(new URL(route?.url ?? '').port)

  await using polite = await served(port)
  polite.socket.end()
  polite.socket.resume()
  assert.deepEqual(await visitOf(relay, polite.localPort), { ...heard, endedBy: 'end' })

  await using rude = await served(port)
  rude.socket.resetAndDestroy()
  const { reason: whyRude, ...rudeVisit } = await visitOf(relay, rude.localPort)
  assert.deepEqual(rudeVisit, { ...heard, endedBy: 'visitor' })
  assert.match(String(whyRude), /ECONNRESET/)

  await using broken = await served(port)
  breakOff()
  const { reason: whyBroken, ...brokenVisit } = await visitOf(relay, broken.localPort)
  assert.deepEqual(brokenVisit, { ...heard, endedBy: 'agent' })
  assert.ok(whyBroken)

  await using cut = await served(port)
  cut.socket.resume()
  await deadline(relay.relay.drain(), 5_000, 'end of the drain')
  const reason = 'the relay shuts down'
  const expected = { ...heard, endedBy: 'relay', reason }
  assert.deepEqual(await visitOf(relay, cut.localPort), expected)
})

test('access log: a visitor whom no agent served has none', async () => {
  await using relay = await startInProcessRelay()
  const agent = await connectBareAgent(relay)
  const routes = [{ id: 'r0', url: 'tcp://:0' }]
  agent.send({ type: 'register', channelTimeoutSeconds: 1, routes })
  const { routes: granted } = await agent.message('registered')
  await agent[Symbol.asyncDispose]()
  await relay.event('away', (one) => one.event === 'route' && one.state === 'away')
  await using visitor = await visit(Number(new URL(granted[0]?.url ?? '').port))
  const { localPort } = visitor.socket
  visitor.socket.resume()
  const { endedBy, bytesIn, bytesOut, agent: by } = await visitOf(relay, localPort)
  assert.match(endedBy, /^(timeout|relay)$/)
  assert.deepEqual([bytesIn, bytesOut, by], [0, 0, undefined])
})

test('access log: its fields are those of the document', () => {
  const document = readRepositoryFile('docs/configuration.md')
  const [, table = ''] = /\| field \| holds \|\n((?:\|.*\n)+)/.exec(document) ?? []
  const fields = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  const all: Required<Visit> = {
    event: 'visit',
    route: '',
    agent: '',
    visitor: '',
    bytesIn: 0,
    bytesOut: 0,
    ms: 0,
    endedBy: 'end',
    reason: '',
  }
  const { event: _event, ...named } = all
  assert.deepEqual(new Set(fields), new Set(['time', ...Object.keys(named)]))
})
