// Who comes to the public port without being welcome is closed, and those who serve or visit beside it
// notice nothing (docs/protocol.md §1).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { authorizationFor, dialAgentDoor, upgrade } from '../support/bare-agent.ts'
import { deadline, until } from '../support/deadline.ts'
import { readToClose, startNeighbourhood } from '../support/neighbourhood.ts'

function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  return socket
}

/** The first flight of a TLS visitor, as bytes. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const accepted = once(server, 'connection')
  const visitor = connectTls({ port: address.port, host: '127.0.0.1', servername })
  visitor.on('error', () => {})
  const [socket] = (await accepted) as [Socket]
  const [hello] = (await once(socket, 'data')) as [Buffer]
  visitor.destroy()
  socket.destroy()
  server.close()
  return hello
}

test('front door: bytes that are no ClientHello are cut off with no answer', async () => {
  await using place = await startNeighbourhood()
  for (const garbage of [
    'GET / HTTP/1.1\r\nHost: good.test\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    Buffer.alloc(100_000, 0xff),
    Buffer.from('1603010000', 'hex'),
    Buffer.from('16030140010100', 'hex'),
    Buffer.from('160301000401ffffff', 'hex'),
  ]) {
    const socket = dial(place.relay.port)
    socket.write(garbage)
    assert.equal(await readToClose(socket), '')
  }
  await place.noticedNothing()
})

test('front door: a caller that ends before its ClientHello is closed', async () => {
  await using place = await startNeighbourhood()
  const hello = await clientHello('good.test')
  const socket = dial(place.relay.port)
  socket.end(hello.subarray(0, 50))
  assert.equal(await readToClose(socket), '')
  await place.noticedNothing()
})

test('front door: a ClientHello one byte at a time is served', async () => {
  await using place = await startNeighbourhood()
  const raw = dial(place.relay.port)
  await once(raw, 'connect')
  raw.setNoDelay(true)
  const slow = new Duplex({
    read: () => {},
    write(chunk: Buffer, _encoding, done) {
      for (const byte of chunk) raw.write(Buffer.of(byte))
      done()
    },
  })
  raw.on('data', (chunk) => slow.push(chunk))
  const visitor = connectTls({ socket: slow, servername: 'good.test', rejectUnauthorized: false })
  await deadline(once(visitor, 'secureConnect'), 5_000, 'handshake in single bytes')
  raw.destroy()
  await place.noticedNothing()
})

test('front door: who stalls before it is admitted is closed when its time is over', async () => {
  await using place = await startNeighbourhood(500)
  const { port } = place.relay
  const hello = await clientHello('good.test')
  const silent = dial(port)
  const half = dial(port)
  half.write(hello.subarray(0, 50))
  // Its ClientHello is whole, and then it says nothing to the relay's answer.
  const mute = dial(port)
  mute.write(hello)
  const noRequest = await dialAgentDoor(port)
  const halfRequest = await dialAgentDoor(port)
  halfRequest.write('GET / HTTP/1.1\r\nUpgrade: websoc')
  const slowRequest = await dialAgentDoor(port)
  const dripping = setInterval(() => slowRequest.write('X'), 50)
  slowRequest.once('close', () => clearInterval(dripping))
  const noHello = await dialAgentDoor(port)
  const ws = await upgrade(noHello, authorizationFor(noHello, place.relay.key))
  ws.on('error', () => {})

  const stalled = { silent, half, mute, noRequest, halfRequest, slowRequest, noHello }
  const start = performance.now()
  for (const [name, socket] of Object.entries(stalled)) {
    await readToClose(socket, 4_000).catch((error: unknown) =>
      assert.fail(`${name}: ${String(error)}`),
    )
  }
  assert.ok(performance.now() - start < 3_000)
  await place.noticedNothing()
})

test('front door: a host name that nobody serves gets the alert unrecognized_name', async () => {
  await using place = await startNeighbourhood()
  for (const servername of ['other.test', 'x.good.test']) {
    const socket = connectTls({
      port: place.relay.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      servername,
    })
    const [error] = await until(socket, 'error')
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  }
  await place.noticedNothing()
})

test('front door: a visitor gets http/1.1, else the protocol that it likes best', async () => {
  await using place = await startNeighbourhood()
  for (const [offers, chosen] of [
    [['h2', 'http/1.1'], 'http/1.1'],
    [['imap', 'pop3'], 'imap'],
    [undefined, false],
  ] as const) {
    const socket = connectTls({
      port: place.relay.port,
      host: '127.0.0.1',
      servername: 'good.test',
      rejectUnauthorized: false,
      ...(offers ? { ALPNProtocols: [...offers] } : {}),
    })
    await deadline(once(socket, 'secureConnect'), 5_000, 'handshake')
    assert.equal(socket.alpnProtocol, chosen)
    socket.destroy()
  }
})

test('front door: a TLS 1.2 visitor cannot make it do the handshake again', async () => {
  await using place = await startNeighbourhood()
  const options = { port: place.relay.port, host: '127.0.0.1', servername: 'good.test' }
  const socket = connectTls({ ...options, rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
  await deadline(once(socket, 'secureConnect'), 5_000, 'handshake')
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  socket.on('error', resolve)
  socket.renegotiate({}, resolve)
  const refusal = await deadline(promise, 5_000, 'refusal')
  assert.match(String(refusal), /no.renegotiation/i)
  socket.destroy()
  await place.noticedNothing()
})
