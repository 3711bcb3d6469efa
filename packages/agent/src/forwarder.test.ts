import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { type Server, type Socket, createServer } from 'node:net'
import { test } from 'node:test'
import { dialSocket } from '@sallyport/mux'
import { type SallyportError, encodeProxyHeader, initialWindowBytes } from '@sallyport/protocol'
import { Changes } from '../../../test/support/changes.ts'
import { deadline } from '../../../test/support/deadline.ts'
import { startDeafOrigin } from '../../../test/support/deaf-origin.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { answerAtEnd, echo, startOrigin } from '../../../test/support/origin.ts'
import { createSessionPair } from '../../../test/support/session-pair.ts'
import { writeOffsets } from '../../../test/support/stream-writer.ts'
import { Forwarder } from './forwarder.ts'
import type { VisitReport } from './visit-report.ts'
import type { Origin } from './origin.ts'

const channelTimeoutMs = 100_000

const header = (route: string): Buffer =>
  encodeProxyHeader({
    visitor: { address: '192.0.2.7', port: 50_000 },
    listener: { address: '192.0.2.1', port: 443 },
    route,
  })

/** A session whose agent's end forwards to the given origins, under a clock of its own. */
function forwarding(origins: Record<string, Origin>) {
  const clock = new FakeClock()
  const reports: VisitReport[] = []
  const dialled: (SallyportError | undefined)[] = []
  const sockets: Socket[] = []
  const changes = new Changes()
  const forwarder = new Forwarder({
    clock,
    channelTimeoutMs,
    routes: new Map(Object.entries(origins).map(([id, origin]) => [id, { origin }])),
    dialSocket: (options) => {
      const end = dialSocket(options)
      sockets.push(end.socket)
      changes.tell()
      return end
    },
    onDialled: (_origin, error) => dialled.push(error),
    onVisit: (report) => {
      reports.push(report)
      changes.tell()
    },
  })
  const pair = createSessionPair({ agent: { onStream: (stream) => forwarder.accept(stream) } })
  return {
    ...pair,
    clock,
    forwarder,
    dialled,
    sockets,
    visit: (route: string, data = '') =>
      pair.relay.open(Buffer.concat([header(route), Buffer.from(data)])),
    dialling: () => changes.until('a dial', () => sockets.length > 0),
    /** The nth report; by then nothing of the visit is left. */
    async report(index = 0): Promise<VisitReport> {
      await changes.until('end of a visit', () => reports.length > index)
      assert.equal(clock.pendingTimers, 0)
      return reports[index] ?? assert.fail('no report')
    },
  }
}

const tcp = (port: number): Origin => ({ kind: 'tcp', host: '127.0.0.1', port })

async function portOfNobody(): Promise<number> {
  await using origin = await startOrigin(() => {})
  return origin.port
}

test('forwarder: carries a visit both ways, half-close included', async () => {
  await using origin = await startOrigin(
    answerAtEnd((question) => Buffer.concat([question, question])),
  )
  await using tunnel = forwarding({ r0: tcp(origin.port) })
  const visitor = tunnel.visit('r0', 'ab')
  visitor.stream.write(Buffer.from('cd'))
  visitor.stream.end()
  await visitor.ended()
  assert.equal(visitor.bytes.toString(), 'abcdabcd')
  assert.deepEqual(visitor.events, ['accepted', 'end'])
  const { endedBy, bytesFromVisitor, bytesToVisitor, visitor: from } = await tunnel.report()
  assert.deepEqual([endedBy, bytesFromVisitor, bytesToVisitor, from], ['end', 4, 8, '192.0.2.7'])
})

test('forwarder: takes a header in pieces, whatever the cut', async () => {
  await using origin = await startOrigin(echo)
  await using tunnel = forwarding({ r0: tcp(origin.port) })
  const bytes = Buffer.concat([header('r0'), Buffer.from('hello')])
  for (const cut of [0, 1, 12, 16, 28, bytes.length - 6, bytes.length - 5, bytes.length - 1]) {
    const visitor = tunnel.relay.open(bytes.subarray(0, cut))
    for (const byte of bytes.subarray(cut)) visitor.stream.write(Buffer.from([byte]))
    visitor.stream.end()
    await visitor.ended()
    assert.equal(visitor.bytes.toString(), 'hello')
  }
})

test('forwarder: an origin that refuses is RST before any byte, at once', async () => {
  await using tunnel = forwarding({ r0: tcp(await portOfNobody()) })
  const visitor = tunnel.visit('r0', 'data')
  await visitor.reset()
  assert.deepEqual(visitor.events, ['reset SP_STREAM_RESET'])
  const { endedBy, error } = await tunnel.report()
  assert.equal(endedBy, 'refused')
  assert.match(error?.message ?? '', /refused the connection/)
  assert.equal(tunnel.dialled[0]?.code, 'SP_ORIGIN_REFUSED')
})

test('forwarder: dials configured origins only', async () => {
  await using tunnel = forwarding({ r0: tcp(1) })
  const visitor = tunnel.visit('r1')
  await visitor.reset()
  assert.match((await tunnel.report()).error?.message ?? '', /unknown route r1/)
  assert.equal(tunnel.sockets.length, 0)
})

for (const [what, bytes] of [
  ['a wrong header', Buffer.from('GET / HTTP/1.1\r\n')],
  [
    'a header over its bound',
    Buffer.concat([header('r0').subarray(0, 14), Buffer.from('ffff', 'hex')]),
  ],
] as const) {
  test(`forwarder: ${what} resets its stream and no other`, async () => {
    await using origin = await startOrigin(echo)
    await using tunnel = forwarding({ r0: tcp(origin.port) })
    const bystander = tunnel.visit('r0', 'x')
    await bystander.until('an echo', () => bystander.receivedBytes === 1)
    await tunnel.relay.open(bytes).reset()
    bystander.stream.end()
    await bystander.ended()
    assert.equal(origin.sockets.length, 1)
  })
}

test('forwarder: a stream that ends within its header is reset', async () => {
  await using tunnel = forwarding({ r0: tcp(1) })
  const visitor = tunnel.relay.open(header('r0').subarray(0, 20))
  visitor.stream.end()
  await visitor.reset()
  assert.equal((await tunnel.report()).endedBy, 'refused')
})

test('forwarder: a header that never comes is waited for until the channel timeout', async () => {
  await using tunnel = forwarding({ r0: tcp(1) })
  const visitor = tunnel.relay.open(header('r0').subarray(0, 20))
  await tunnel.agent.changes.until('the stream', () => tunnel.forwarder.visits === 1)
  tunnel.clock.advance(channelTimeoutMs - 1)
  assert.equal(tunnel.forwarder.visits, 1)
  tunnel.clock.advance(1)
  await visitor.reset()
  assert.match((await tunnel.report()).error?.message ?? '', /no answer from a visitor's header/)
})

test('forwarder: a silent origin is dialled until the channel timeout, then RST', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  await using tunnel = forwarding({ r0: tcp(deaf.port) })
  const visitor = tunnel.visit('r0', 'data')
  await tunnel.dialling()
  tunnel.clock.advance(channelTimeoutMs - 1)
  assert.equal(tunnel.sockets.length, channelTimeoutMs / 5_000)
  assert.equal(visitor.isReset, false)
  tunnel.clock.advance(1)
  await visitor.reset()
  assert.deepEqual(visitor.events, ['reset SP_STREAM_RESET'])
  const { error } = await tunnel.report()
  assert.match(error?.message ?? '', /^no answer from origin 127\.0\.0\.1:\d+ within 100 s$/)
  assert.ok(tunnel.sockets.every((socket) => socket.destroyed))
})

test('forwarder: data before the origin has accepted is held back, uncredited', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  await using tunnel = forwarding({ r0: tcp(deaf.port) })
  const visitor = tunnel.visit('r0')
  await tunnel.dialling()
  const writing = writeOffsets(visitor, 1, 2 * initialWindowBytes)
  const { session } = tunnel.agent
  const held = initialWindowBytes - header('r0').length
  await tunnel.link.relay.changes.until('a full window', () => session.heldBytes === held)
  assert.equal(visitor.stream.bytesSent, initialWindowBytes)

  await deaf.wake()
  tunnel.clock.advance(5_000)
  await writing
  assert.ok(visitor.events.includes('accepted'))
})

test('forwarder: a visitor that leaves while the origin is dialled never reaches it', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  await using tunnel = forwarding({ r0: tcp(deaf.port) })
  const visitor = tunnel.visit('r0', 'data')
  await tunnel.dialling()
  visitor.stream.reset()
  assert.equal((await tunnel.report()).endedBy, 'visitor')
  assert.ok(tunnel.sockets.every((socket) => socket.destroyed))
})

test('forwarder: a lost session is RST for the origin, and ends dials', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  await using origin = await startOrigin(echo)
  await using tunnel = forwarding({ r0: tcp(origin.port), r1: tcp(deaf.port) })
  const visitor = tunnel.visit('r0', 'x')
  await visitor.until('an echo', () => visitor.receivedBytes === 1)
  tunnel.visit('r1')
  await tunnel.agent.changes.until('both', () => tunnel.forwarder.visits === 2)
  tunnel.link.agent.cut()
  assert.equal(await deadline(origin.endOf(0), 5_000, 'end at the origin'), 'reset')
  await tunnel.report(1)
  assert.ok(tunnel.sockets.every((socket) => socket.destroyed))
})

test('forwarder: tells when there is no visit, at once or later, once', async () => {
  await using origin = await startOrigin(echo)
  await using tunnel = forwarding({ r0: tcp(origin.port) })
  let idle = 0
  tunnel.forwarder.whenIdle(() => idle++)
  assert.equal(idle, 1)
  const visitor = tunnel.visit('r0', 'x')
  await visitor.until('an echo', () => visitor.receivedBytes === 1)
  tunnel.forwarder.whenIdle(() => idle++)
  assert.equal(idle, 1)
  visitor.stream.end()
  await visitor.ended()
  await tunnel.report()
  assert.equal(idle, 2)
  assert.equal(tunnel.forwarder.visits, 0)
})

const asOrigin = (server: Server): Origin => ({ kind: 'server', server })

test('forwarder: a server of this program gets its visitors without listening', async () => {
  const http = createHttpServer((request, response) => {
    response.end(`${request.socket.remoteAddress ?? ''} ${request.url ?? ''}`)
  })
  const echoing = createServer({ allowHalfOpen: true }, echo)
  await using tunnel = forwarding({ r0: asOrigin(http), r1: asOrigin(echoing) })
  const request = 'GET /path HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  const visitor = tunnel.visit('r0', request)
  await visitor.ended()
  assert.match(visitor.bytes.toString(), /^HTTP\/1\.1 200 OK[^]*192\.0\.2\.7 \/path/)
  visitor.stream.end()
  const other = tunnel.visit('r1', 'plain')
  other.stream.end()
  await other.ended()
  assert.equal(other.bytes.toString(), 'plain')
  await tunnel.report(1)
})
