import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { platform } from 'node:os'
import test from 'node:test'
import type { TLSSocket } from 'node:tls'
import { Changes } from '../../../test/support/changes.ts'
import { until } from '../../../test/support/deadline.ts'
import { isKeepAlive, kernelTimer } from '../../../test/support/kernel-timer.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { accepted, dialled, overTls } from '../../../test/support/socket-ends.ts'
import { lifeOf, listening, portOf, tlsPair } from '../../../test/support/sockets.ts'
import { maxWriteBytes } from './limits.ts'
import { SocketEnd, adoptTls, dialSocket } from './socket-end.ts'

/** Everything that the end tells, in order; bytes are joined. */
function attach(end: SocketEnd, goesOn: () => boolean = () => true) {
  const events: string[] = []
  const chunks: Buffer[] = []
  const changes = new Changes()
  const note = (event: string) => {
    events.push(event)
    changes.tell()
  }
  end.attach({
    onRead: (buffer, bytes) => {
      assert.ok(!events.includes('end'), 'bytes after the end')
      assert.ok(bytes <= maxWriteBytes)
      chunks.push(Buffer.from(buffer.subarray(0, bytes)))
      changes.tell()
      return goesOn()
    },
    onSocketEnd: () => note('end'),
    onSocketClose: (error) =>
      note(`close ${(error as NodeJS.ErrnoException | undefined)?.code ?? ''}`),
  })
  return { events, changes, bytes: () => Buffer.concat(chunks), chunks }
}

const nextTurns = () =>
  new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve))
  })

for (const [kind, create] of [
  ['accepted', accepted],
  ['dialled', dialled],
  ['TLS', overTls],
] as const) {
  test(`socket end (${kind}): bytes that came before it was attached come first`, async () => {
    await using ends = await create()
    const sent = new OffsetStream(1).bytes(0, 200_000)
    ends.peer.write(sent)
    await nextTurns()
    await nextTurns()
    const seen = attach(ends.end)
    await seen.changes.until('all bytes', () => seen.bytes().length === sent.length)
    assert.ok(seen.bytes().equals(sent))
  })

  test(`socket end (${kind}): false pauses until resume`, async () => {
    await using ends = await create()
    let goesOn = false
    const seen = attach(ends.end, () => goesOn)
    const sent = new OffsetStream(1).bytes(0, 300_000)
    ends.peer.end(sent)
    await seen.changes.until('the first piece', () => seen.chunks.length === 1)
    await nextTurns()
    assert.equal(seen.chunks.length, 1)
    goesOn = true
    ends.end.resume()
    await seen.changes.until('the end', () => seen.events.includes('end'))
    assert.ok(seen.bytes().equals(sent))
  })

  test(`socket end (${kind}): a half-close is told once, and writing goes on`, async () => {
    await using ends = await create()
    const seen = attach(ends.end)
    const life = lifeOf(ends.peer)
    ends.peer.end('request')
    await seen.changes.until('the end', () => seen.events.includes('end'))
    assert.equal(ends.end.hasEnded, true)
    assert.equal(seen.bytes().toString(), 'request')
    ends.end.socket.end('reply')
    assert.equal((await life).bytes.toString(), 'reply')
    await seen.changes.until('the close', () => seen.events.length === 2)
    assert.deepEqual(seen.events, ['end', 'close '])
  })

  test(`socket end (${kind}): who attaches after the half-close is told of it`, async () => {
    await using ends = await create()
    const first = attach(ends.end)
    ends.peer.end('request')
    await first.changes.until('the end', () => first.events.includes('end'))
    const second = attach(ends.end)
    assert.deepEqual(second.events, ['end'])
    ends.end.socket.end()
    await second.changes.until('the close', () => second.events.length === 2)
    assert.deepEqual(first.events, ['end'])
  })

  test(`socket end (${kind}): who attaches to a socket on its way out is told of the close, once`, async () => {
    await using ends = await create()
    ends.end.socket.destroy()
    const early = attach(ends.end)
    await early.changes.until('the close', () => early.events.length > 0)
    await nextTurns()
    assert.deepEqual(early.events, ['close '])
    const late = attach(ends.end)
    await late.changes.until('the close', () => late.events.length > 0)
    await nextTurns()
    assert.deepEqual(late.events, ['close '])
    assert.deepEqual(early.events, ['close '])
  })
}

for (const [kind, create] of [
  ['accepted', accepted],
  ['dialled', dialled],
] as const) {
  test(`socket end (${kind}): abort reaches the peer as a reset`, async () => {
    await using ends = await create()
    const seen = attach(ends.end)
    const life = lifeOf(ends.peer)
    ends.peer.write('x')
    await seen.changes.until('a byte', () => seen.bytes().length === 1)
    ends.end.abort()
    const { hasEnded, errorCode } = await life
    assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
    await seen.changes.until('the close', () => seen.events.length === 1)
  })

  for (const [what, last] of [
    ['the half-close', ''],
    ['the last bytes and the half-close', 'bye'],
  ] as const) {
    test(`socket end (${kind}): abort in the same turn as ${what} closes the socket`, async () => {
      await using ends = await create()
      const seen = attach(ends.end)
      const life = lifeOf(ends.peer, { atEnd: true })
      ends.peer.write('x')
      await seen.changes.until('a byte', () => seen.bytes().length === 1)
      ends.end.socket.end(last)
      ends.end.abort()
      ends.end.abort()
      await seen.changes.until('the close', () => seen.events.length === 1)
      assert.deepEqual(seen.events, ['close '])
      await life
      const failing = lifeOf(ends.peer)
      ends.peer.write('to nobody')
      assert.match((await failing).errorCode ?? '', /ECONNRESET|EPIPE/)
    })
  }

  test(`socket end (${kind}): abort drops what the peer has not taken, before the half-close`, async () => {
    await using ends = await create()
    const seen = attach(ends.end)
    ends.peer.pause()
    const { socket } = ends.end
    while (socket.writableLength === 0) {
      socket.write(Buffer.alloc(1_000_000))
      await nextTurns()
    }
    socket.end()
    ends.end.abort()
    await seen.changes.until('the close', () => seen.events.length === 1)
    const life = lifeOf(ends.peer)
    ends.peer.resume()
    const { hasEnded, errorCode } = await life
    assert.deepEqual([hasEnded, errorCode], [false, 'ECONNRESET'])
  })

  test(`socket end (${kind}): a reset by the peer is a close with its error`, async () => {
    await using ends = await create()
    const seen = attach(ends.end)
    ends.peer.write('x')
    await seen.changes.until('a byte', () => seen.bytes().length === 1)
    ends.peer.resetAndDestroy()
    await seen.changes.until('the close', () => seen.events.length === 1)
    assert.deepEqual(seen.events, ['close ECONNRESET'])
  })
}

/** A TLS pair through a socket that counts what the accepted end sends in the clear of TCP. */
async function tappedTls() {
  const pair = await tlsPair()
  const tap = await listening(
    createServer((near) => {
      const far = connect(portOf(pair.server), '127.0.0.1')
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far, { end: false })
      far.on('data', (chunk: Buffer) => {
        tapped.bytes += chunk.length
        near.write(chunk)
      })
      far.on('close', () => tapped.changes.tell())
      far.on('end', () => {
        tapped.hasEnded = true
        tapped.changes.tell()
      })
    }),
  )
  const tapped = { bytes: 0, hasEnded: false, changes: new Changes() }
  return { pair, tap, tapped }
}

test('socket end (TLS): abort sends no close_notify, end does', async () => {
  const closeNotify = 5 + 2 + 1 + 16 // RFC 8446 §5.2: record header, alert, its type, tag
  const after: number[] = []
  for (const close of ['abort', 'end'] as const) {
    const { pair, tap, tapped } = await tappedTls()
    const { connect: connectTls } = await import('node:tls')
    const accepting = until(pair.server, 'secureConnection')
    const visitor = connectTls({
      port: portOf(tap),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    })
    visitor.on('error', () => {})
    const [socket] = (await accepting) as [TLSSocket]
    const end = adoptTls(socket)
    const seen = attach(end)
    visitor.write('x')
    await seen.changes.until('a byte', () => seen.bytes().length === 1)
    end.socket.write('y')
    await until(visitor, 'data')
    const before = tapped.bytes
    if (close === 'abort') end.abort()
    else end.socket.end()
    await tapped.changes.until('FIN', () => tapped.hasEnded)
    after.push(tapped.bytes - before)
    visitor.destroy()
    end.socket.destroy()
    tap.close()
    await pair[Symbol.asyncDispose]()
  }
  assert.deepEqual(after, [0, closeNotify])
})

test('socket end: a dial that is refused is a close with its error', async () => {
  const server = await listening(createServer())
  const port = portOf(server)
  server.close()
  await until(server, 'close')
  const seen = attach(dialSocket({ port, host: '127.0.0.1' }))
  await seen.changes.until('the close', () => seen.events.length === 1)
  assert.deepEqual(seen.events, ['close ECONNREFUSED'])
})

test('socket end: abort before the dial has connected only destroys', async () => {
  const server = await listening(createServer())
  const end = dialSocket({ port: portOf(server), host: '127.0.0.1' })
  const seen = attach(end)
  end.abort()
  await seen.changes.until('the close', () => seen.events.length === 1)
  assert.deepEqual(seen.events, ['close '])
  server.close()
})

test('socket end: bytes that wait are not those of another socket', async () => {
  await using one = await accepted()
  await using other = await accepted()
  one.peer.write('one')
  await nextTurns()
  await nextTurns()
  const seenByOther = attach(other.end)
  other.peer.write('another')
  await seenByOther.changes.until('its bytes', () => seenByOther.bytes().length === 7)
  const seen = attach(one.end)
  await seen.changes.until('its bytes', () => seen.bytes().length === 3)
  assert.equal(seen.bytes().toString(), 'one')
})

test('socket end: all that was read before it was attached is kept, in order', async () => {
  await using ends = await accepted()
  for (const text of ['one ', 'two ', 'three']) {
    ends.peer.write(text)
    await nextTurns()
    await nextTurns()
    ends.end.resume()
    await nextTurns()
  }
  const seen = attach(ends.end)
  await seen.changes.until('all bytes', () => seen.bytes().length === 13)
  assert.equal(seen.bytes().toString(), 'one two three')
})

test(
  'socket end (dialled): the kernel keeps it alive, unless it is told not to',
  { skip: platform() !== 'linux' && 'asks /proc' },
  async () => {
    const server = await listening(createServer())
    const address = { port: portOf(server), host: '127.0.0.1' }
    const kept = dialSocket(address)
    const other = dialSocket({ ...address, keepAlive: false })
    await Promise.all([until(kept.socket, 'connect'), until(other.socket, 'connect')])
    assert.ok(isKeepAlive(await kernelTimer(kept.socket)))
    assert.ok(!isKeepAlive(await kernelTimer(other.socket)))
    kept.socket.destroy()
    other.socket.destroy()
    server.close()
  },
)
