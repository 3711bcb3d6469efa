// Held against every new version of Node: adopted-socket.ts relies on what it does not document.
import assert from 'node:assert/strict'
import { type Server, Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import test from 'node:test'
import { until } from '../../../test/support/deadline.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { Changes } from '../../../test/support/changes.ts'
import { closed, lifeOf, tcpPair, tlsPair } from '../../../test/support/sockets.ts'
import { readInto } from './static-read.ts'

const bufferBytes = 1_000

/** Reads `socket` into one buffer, with all that came. */
function readStatically(socket: Socket, goesOn = () => true) {
  const buffer = Buffer.alloc(bufferBytes)
  const chunks: Buffer[] = []
  const changes = new Changes()
  const isStatic = readInto(socket, buffer, (bytes) => {
    assert.ok(bytes > 0 && bytes <= buffer.length)
    chunks.push(Buffer.from(buffer.subarray(0, bytes)))
    changes.tell()
    return goesOn()
  })
  assert.equal(isStatic, true, 'this Node has the fields: the fast way is on')
  socket.on('data', () => assert.fail('a data event'))
  socket.on('error', () => {})
  return { changes, chunks, bytes: () => Buffer.concat(chunks) }
}

/** A pair of which the accepted end is read so. */
async function staticPair(goesOn = () => true) {
  const pair = await tcpPair()
  const read = readStatically(pair.accepted, goesOn)
  pair.accepted.resume()
  return { ...pair, ...read, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() }
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}

test('static read: reads into the one static buffer, and emits no data of its own', async () => {
  await using pair = await staticPair()
  const sent = new OffsetStream(1).bytes(0, 100_000)
  pair.dialled.write(sent)
  await pair.changes.until('all bytes', () => pair.bytes().length === sent.length)
  assert.ok(pair.bytes().equals(sent))
})

test('static read: false pauses, resume goes on, nothing is lost', async () => {
  await using pair = await staticPair(() => false)
  const sent = new OffsetStream(1).bytes(0, 5_000)
  pair.dialled.write(sent)
  for (let pieces = 1; pieces <= 5; pieces++) {
    await pair.changes.until(`piece ${pieces}`, () => pair.chunks.length === pieces)
    // Two turns of the event loop, in which a socket that was not paused would read on.
    await new Promise((resolve) => {
      setImmediate(() => setImmediate(resolve))
    })
    assert.equal(pair.chunks.length, pieces)
    pair.accepted.resume()
  }
  assert.ok(pair.bytes().equals(sent))
})

test('static read: knows both addresses', async () => {
  await using pair = await staticPair()
  const { accepted, dialled } = pair
  assert.equal(accepted.remoteAddress, '127.0.0.1')
  assert.equal(accepted.remotePort, dialled.localPort)
  assert.equal(accepted.localPort, dialled.remotePort)
  assert.equal(accepted.remoteFamily, 'IPv4')
})

test('static read: the server counts it until it closes, and then closes itself', async () => {
  await using pair = await staticPair()
  assert.equal(await connections(pair.server), 1)
  const close = closed(pair.server)
  let isClosed = false
  void close.then(() => {
    isClosed = true
  })
  pair.dialled.write('x')
  await pair.changes.until('a byte', () => pair.chunks.length === 1)
  assert.equal(isClosed, false)
  pair.accepted.destroy()
  await close
  pair.dialled.destroy()
})

test('static read: the half-close of the peer is an end, and the reply still arrives', async () => {
  await using pair = await staticPair()
  const life = lifeOf(pair.dialled)
  const end = until(pair.accepted, 'end')
  pair.dialled.end('request')
  pair.accepted.resume()
  await end
  assert.equal(pair.bytes().toString(), 'request')
  pair.accepted.end('reply')
  const { bytes, hasEnded, errorCode } = await life
  assert.deepEqual([bytes.toString(), hasEnded, errorCode], ['reply', true, undefined])
})

test('static read: its own half-close leaves the peer free to send', async () => {
  await using pair = await staticPair()
  const ended = lifeOf(pair.dialled, { atEnd: true })
  pair.accepted.end('first')
  assert.equal((await ended).bytes.toString(), 'first')
  pair.accepted.resume()
  const close = until(pair.accepted, 'close')
  pair.dialled.end('late')
  await close
  assert.equal(pair.bytes().toString(), 'late')
})

test('static read: a reset by the peer is an error and a close', async () => {
  await using pair = await staticPair()
  pair.accepted.resume()
  const life = lifeOf(pair.accepted)
  pair.dialled.resetAndDestroy()
  const { hasEnded, errorCode } = await life
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
})

test('static read: resetAndDestroy reaches the peer as a reset', async () => {
  await using pair = await staticPair()
  const life = lifeOf(pair.dialled)
  pair.accepted.resetAndDestroy()
  const { hasEnded, errorCode } = await life
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
})

test('static read: TLS comes a record at a time, and what was read before a pause still comes', async () => {
  await using pair = await tlsPair()
  const { accepted } = pair
  const read = readStatically(accepted, () => false)
  accepted.resume()
  const sent = new OffsetStream(1).bytes(0, 40_000)
  pair.dialled.write(sent)
  while (read.bytes().length < sent.length) {
    const { length } = read.chunks
    await read.changes.until('another piece', () => read.chunks.length > length)
    accepted.resume()
  }
  assert.ok(read.bytes().equals(sent))
  const ended = until(accepted, 'end')
  pair.dialled.end()
  await ended
})

test('static read: what has no handle is left as it is', async () => {
  const [near, far] = duplexPair()
  const socket = near as unknown as Socket
  assert.equal(
    readInto(socket, Buffer.alloc(10), () => true),
    false,
  )
  const data = until(socket, 'data')
  far.write('one')
  assert.equal(String((await data)[0]), 'one')
})
