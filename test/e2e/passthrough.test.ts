// passthrough:// routes: the relay goes by the SNI and has no key; the origin ends TLS. What it sees of a
// visit are raw bytes, and close semantics are those of TCP (docs/protocol.md §8).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { type TLSSocket, connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { generateIdentity } from '@sallyport/relay'
import { deadline, until } from '../support/deadline.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'
import { OffsetStream } from '../support/offset-stream.ts'
import { type Origin, echo, startOrigin } from '../support/origin.ts'
import { endOf } from '../support/socket-end-kind.ts'

/** An origin with a key of its own, which says its name and gives everything back. */
async function startTlsOrigin(name: string): Promise<Origin & { readonly certificate: string }> {
  const { key, certificate } = generateIdentity(name, new Date())
  const tls = createTlsServer({ key, cert: certificate, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.write(`${name}\n`)
    socket.pipe(socket)
  })
  tls.on('tlsClientError', () => {})
  const origin = await startOrigin((socket) => void tls.emit('connection', socket))
  return { ...origin, certificate }
}

interface Visit {
  readonly servername: string
  readonly ca: string
  readonly socket?: Duplex
}

async function visitOrigin(port: number, { servername, ca, socket }: Visit): Promise<TLSSocket> {
  const visitor = connectTls({
    servername,
    ca,
    ...(socket ? { socket } : { port, host: '127.0.0.1' }),
  })
  const greeting = until(visitor, 'data')
  await deadline(once(visitor, 'secureConnect'), 5_000, 'handshake with the origin')
  assert.equal(String((await greeting)[0]), `${servername}\n`)
  return visitor
}

test('passthrough: two names reach two origins, each with its own certificate', async () => {
  await using relay = await startInProcessRelay()
  await using one = await startTlsOrigin('one.test')
  await using two = await startTlsOrigin('two.test')
  await using _first = await joinAgent(relay, one.port, { url: 'passthrough://one.test' })
  await using _second = await joinAgent(relay, two.port, {
    url: 'passthrough://two.test',
    key: relay.key,
  })
  for (const [servername, { certificate: ca }, other] of [
    ['one.test', one, two],
    ['two.test', two, one],
  ] as const) {
    const visitor = await visitOrigin(relay.port, { servername, ca })
    assert.ok(visitor.authorized)
    visitor.destroy()
    const wrong = connectTls({
      port: relay.port,
      host: '127.0.0.1',
      servername,
      ca: other.certificate,
    })
    const [error] = await until(wrong, 'error')
    assert.match(String(error), /self-signed certificate/)
  }
  const nobodys = connectTls({ port: relay.port, host: '127.0.0.1', servername: 'three.test' })
  const [error] = await until(nobodys, 'error')
  assert.match(String(error), /unrecognized name/i)
})

/** A way to the relay that sends its first bytes in the pieces that `cut` makes. */
async function cutting(port: number, cut: (hello: Buffer) => readonly Buffer[]): Promise<Duplex> {
  const raw = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(raw, 'connect')
  let isFirst = true
  const way = new Duplex({
    read: () => raw.resume(),
    write(chunk: Buffer, _encoding, done) {
      const pieces = isFirst ? cut(chunk) : [chunk]
      isFirst = false
      const sendNext = (at: number): void => {
        const piece = pieces[at]
        // The kernel has sent one piece before it gets the next.
        if (piece) raw.write(piece, () => setImmediate(sendNext, at + 1))
        else done()
      }
      sendNext(0)
    },
    destroy: (error, done) => {
      raw.destroy()
      done(error)
    },
  })
  raw.on('data', (chunk: Buffer) => way.push(chunk))
  raw.on('error', (error) => way.destroy(error))
  return way
}

/** Each byte in a TLS record of its own (RFC 8446 §5.1 lets a handshake message be cut so). */
function inRecordsOf(bytes: number): (hello: Buffer) => Buffer[] {
  return (hello) => {
    const body = hello.subarray(5)
    const records: Buffer[] = []
    for (let at = 0; at < body.length; at += bytes) {
      const part = body.subarray(at, at + bytes)
      records.push(Buffer.concat([hello.subarray(0, 3), Buffer.of(0, part.length), part]))
    }
    return records
  }
}

const cuts: readonly (readonly [string, (hello: Buffer) => readonly Buffer[]])[] = [
  ['byte by byte', (hello) => [...hello].map((byte) => Buffer.of(byte))],
  ['after the record header', (hello) => [hello.subarray(0, 5), hello.subarray(5)]],
  ['before its last byte', (hello) => [hello.subarray(0, -1), hello.subarray(-1)]],
  ['into records of 100 bytes', inRecordsOf(100)],
  ['into records of 3 bytes, all at once', (hello) => [Buffer.concat(inRecordsOf(3)(hello))]],
]
for (const [how, cut] of cuts) {
  test(`passthrough: a ClientHello cut ${how} reaches the origin unchanged`, async () => {
    await using relay = await startInProcessRelay()
    await using origin = await startTlsOrigin('app.test')
    await using _agent = await joinAgent(relay, origin.port, { url: 'passthrough://app.test' })
    const socket = await cutting(relay.port, cut)
    const ca = origin.certificate
    const visitor = await visitOrigin(relay.port, { servername: 'app.test', ca, socket })
    const echoed = until(visitor, 'data')
    visitor.write('hello')
    assert.equal(String((await echoed)[0]), 'hello')
    visitor.destroy()
    socket.destroy()
  })
}

/** The ClientHello of a visitor that asks for the name. */
async function helloFor(servername: string): Promise<Buffer> {
  const way = new Duplex({ read: () => {}, write: () => {} })
  const written = new Promise<Buffer>((resolve) => {
    way._write = (chunk: Buffer) => resolve(chunk)
  })
  connectTls({ socket: way, servername }).on('error', () => {})
  return await deadline(written, 5_000, 'ClientHello')
}

/** A raw visit of a passthrough route, past its ClientHello, which a plain origin gives back. */
async function rawVisit(port: number): Promise<{ socket: Socket; hello: Buffer }> {
  const hello = await helloFor('app.test')
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write(hello)
  return { socket, hello }
}

test('passthrough: every byte from the first on arrives once and in order, with many in flight', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startOrigin(echo)
  await using _agent = await joinAgent(relay, origin.port, { url: 'passthrough://app.test' })
  const { socket, hello } = await rawVisit(relay.port)
  const body = new OffsetStream(7).bytes(0, 3_000_000)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = endOf(socket)
  socket.end(body)
  assert.equal(await deadline(ended, 10_000, 'end of the visit'), 'end')
  assert.ok(Buffer.concat(chunks).equals(Buffer.concat([hello, body])))
})

test('passthrough: a reset of the origin is a reset at the visitor, and the other way round', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startOrigin(echo)
  await using _agent = await joinAgent(relay, origin.port, { url: 'passthrough://app.test' })
  const first = await rawVisit(relay.port)
  const firstEnd = endOf(first.socket)
  await until(first.socket, 'data')
  origin.sockets[0]?.resetAndDestroy()
  assert.equal(await deadline(firstEnd, 5_000, 'reset of the visitor'), 'reset')

  const second = await rawVisit(relay.port)
  await until(second.socket, 'data')
  second.socket.resetAndDestroy()
  assert.equal(await deadline(origin.endOf(1), 5_000, 'reset of the origin'), 'reset')
})

test('passthrough: an origin that refuses is RST before any byte', async () => {
  await using relay = await startInProcessRelay()
  const origin = await startOrigin(echo)
  await origin[Symbol.asyncDispose]()
  await using _agent = await joinAgent(relay, origin.port, { url: 'passthrough://app.test' })
  const { socket } = await rawVisit(relay.port)
  socket.resume()
  assert.equal(await deadline(endOf(socket), 5_000, 'end of the visit'), 'reset')
  assert.equal(socket.bytesRead, 0)
})

test('passthrough: a visitor is parked while the agent is away, and served when it is back', async () => {
  await using relay = await startInProcessRelay()
  await using origin = await startTlsOrigin('app.test')
  const agent = await joinAgent(relay, origin.port, { url: 'passthrough://app.test' })
  await agent.destroy()
  await relay.event('away', (event) => event.event === 'route' && event.state === 'away')
  const ca = origin.certificate
  const visiting = visitOrigin(relay.port, { servername: 'app.test', ca })
  await using _back = await joinAgent(relay, origin.port, { url: 'passthrough://app.test' })
  const visitor = await visiting
  visitor.destroy()
})
