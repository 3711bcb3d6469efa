// Held against every new version of Node: adopted-socket.ts relies on what it does not document.
import assert from 'node:assert/strict'
import { type Server, Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import test from 'node:test'
import { until } from '../../../test/support/deadline.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { Changes } from '../../../test/support/changes.ts'
import { closed, lifeOf, tcpPair } from '../../../test/support/sockets.ts'
import { wrapAccepted } from './adopted-socket.ts'

/** A pair whose accepted end was adopted, with all that it read. */
async function adoptedPair(goesOn = () => true) {
  const pair = await tcpPair()
  const buffer = Buffer.alloc(1_000)
  const chunks: Buffer[] = []
  const changes = new Changes()
  const adopted = wrapAccepted(pair.accepted, buffer, (read, bytes) => {
    assert.equal(read, buffer, 'the one static buffer')
    assert.ok(bytes > 0 && bytes <= buffer.length)
    chunks.push(Buffer.from(read.subarray(0, bytes)))
    changes.tell()
    return goesOn()
  })
  adopted.on('error', () => {})
  return {
    ...pair,
    adopted,
    changes,
    chunks,
    bytes: () => Buffer.concat(chunks),
    async [Symbol.asyncDispose]() {
      adopted.destroy()
      await pair[Symbol.asyncDispose]()
    },
  }
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}

test('adopted socket: reads into the one static buffer, and emits no data of its own', async () => {
  await using pair = await adoptedPair()
  assert.notEqual(pair.adopted, pair.accepted, 'this Node gives handles: the fast way is on')
  pair.adopted.on('data', () => assert.fail('a data event'))
  const sent = new OffsetStream(1).bytes(0, 100_000)
  pair.dialled.write(sent)
  await pair.changes.until('all bytes', () => pair.bytes().length === sent.length)
  assert.ok(pair.bytes().equals(sent))
})

test('adopted socket: false pauses, resume goes on, nothing is lost', async () => {
  await using pair = await adoptedPair(() => false)
  const sent = new OffsetStream(1).bytes(0, 5_000)
  pair.dialled.write(sent)
  for (let pieces = 1; pieces <= 5; pieces++) {
    await pair.changes.until(`piece ${pieces}`, () => pair.chunks.length === pieces)
    // Two turns of the event loop, in which a socket that was not paused would read on.
    await new Promise((resolve) => {
      setImmediate(() => setImmediate(resolve))
    })
    assert.equal(pair.chunks.length, pieces)
    pair.adopted.resume()
  }
  assert.ok(pair.bytes().equals(sent))
})

test('adopted socket: knows both addresses', async () => {
  await using pair = await adoptedPair()
  const { adopted, dialled } = pair
  assert.equal(adopted.remoteAddress, '127.0.0.1')
  assert.equal(adopted.remotePort, dialled.localPort)
  assert.equal(adopted.localPort, dialled.remotePort)
  assert.equal(adopted.remoteFamily, 'IPv4')
})

test('adopted socket: the server counts it until it closes, and then closes itself', async () => {
  await using pair = await adoptedPair()
  assert.equal(await connections(pair.server), 1)
  const close = closed(pair.server)
  let isClosed = false
  void close.then(() => {
    isClosed = true
  })
  pair.dialled.write('x')
  await pair.changes.until('a byte', () => pair.chunks.length === 1)
  assert.equal(isClosed, false)
  pair.adopted.destroy()
  await close
  pair.dialled.destroy()
})

test('adopted socket: the half-close of the peer is an end, and the reply still arrives', async () => {
  await using pair = await adoptedPair()
  const life = lifeOf(pair.dialled)
  const end = until(pair.adopted, 'end')
  pair.dialled.end('request')
  pair.adopted.resume()
  await end
  assert.equal(pair.bytes().toString(), 'request')
  pair.adopted.end('reply')
  const { bytes, hasEnded, errorCode } = await life
  assert.deepEqual([bytes.toString(), hasEnded, errorCode], ['reply', true, undefined])
})

test('adopted socket: its own half-close leaves the peer free to send', async () => {
  await using pair = await adoptedPair()
  const ended = lifeOf(pair.dialled, { atEnd: true })
  pair.adopted.end('first')
  assert.equal((await ended).bytes.toString(), 'first')
  pair.adopted.resume()
  const close = until(pair.adopted, 'close')
  pair.dialled.end('late')
  await close
  assert.equal(pair.bytes().toString(), 'late')
})

test('adopted socket: a reset by the peer is an error and a close', async () => {
  await using pair = await adoptedPair()
  pair.adopted.resume()
  const life = lifeOf(pair.adopted)
  pair.dialled.resetAndDestroy()
  const { hasEnded, errorCode } = await life
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
})

test('adopted socket: resetAndDestroy reaches the peer as a reset', async () => {
  await using pair = await adoptedPair()
  const life = lifeOf(pair.dialled)
  pair.adopted.resetAndDestroy()
  const { hasEnded, errorCode } = await life
  assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
})

test('adopted socket: what it was made from is empty and stays quiet', async () => {
  await using pair = await adoptedPair()
  const { accepted } = pair
  for (const event of ['data', 'end', 'error', 'close']) {
    accepted.on(event, () => assert.fail(`${event} of the accepted socket`))
  }
  assert.equal(accepted.remoteAddress, undefined)
  pair.dialled.write('x')
  await pair.changes.until('a byte', () => pair.chunks.length === 1)
  pair.adopted.destroy()
  await until(pair.adopted, 'close')
  accepted.removeAllListeners()
})

test('adopted socket: without a handle it is read by data events', async () => {
  const [near, far] = duplexPair()
  const seen: string[] = []
  const changes = new Changes()
  const accepted = near as unknown as Socket
  const socket = wrapAccepted(accepted, Buffer.alloc(10), (buffer, bytes) => {
    seen.push(buffer.toString('latin1', 0, bytes))
    changes.tell()
    return seen.length !== 1
  })
  assert.equal(socket, accepted)
  far.write('one')
  await changes.until('the first chunk', () => seen.length === 1)
  assert.equal(socket.isPaused(), true)
  far.write('two')
  socket.resume()
  await changes.until('the second chunk', () => seen.length === 2)
  assert.deepEqual(seen, ['one', 'two'])
  assert.equal(socket.isPaused(), false)
})
