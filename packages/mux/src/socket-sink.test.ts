import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import test from 'node:test'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { buffersInUse } from './buffer-pool.ts'
import { sinkWriteBytes, smallWriteBytes } from './limits.ts'
import { SocketSink } from './socket-sink.ts'

/** A socket that takes bytes when it is told to. */
function slowSocket() {
  const writes: Buffer[] = []
  let take: ((error?: Error) => void) | undefined
  const socket = new Socket()
  socket._write = (chunk: Buffer, _encoding, done) => {
    writes.push(Buffer.from(chunk))
    take = done
  }
  socket._writev = (chunks, done) => {
    writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)))
    take = done
  }
  return {
    socket,
    writes,
    sizes: () => writes.map(({ length }) => length),
    async takes(error?: Error): Promise<void> {
      const taken = take
      take = undefined
      taken?.(error)
      await new Promise(setImmediate)
    },
  }
}

function sinkInto(socket: Socket) {
  const credits: number[] = []
  return { sink: new SocketSink(socket, (bytes) => credits.push(bytes)), credits }
}

const source = new OffsetStream(5)

test('socket sink: a request leaves at once, more of a turn in one write', async () => {
  const slow = slowSocket()
  const { sink, credits } = sinkInto(slow.socket)
  const bytes = source.bytes(0, 40_000)
  sink.push(bytes, 0, 100)
  assert.deepEqual(slow.sizes(), [100])
  await slow.takes()
  assert.deepEqual(credits, [100])
  sink.push(bytes, 100, 16_000)
  sink.push(bytes, 16_000, 40_000)
  assert.deepEqual(slow.sizes(), [100])
  sink.flush()
  assert.deepEqual(slow.sizes(), [100, 39_900])
  assert.deepEqual(credits, [100], 'nothing is credited that waits in the socket')
  await slow.takes()
  assert.deepEqual(credits, [100, 39_900])
  assert.ok(Buffer.concat(slow.writes).equals(bytes))
})

test('socket sink: a full buffer does not wait for the end of the turn', () => {
  const slow = slowSocket()
  const { sink } = sinkInto(slow.socket)
  sink.push(source.bytes(0, sinkWriteBytes + 5_000), 0, sinkWriteBytes + 5_000)
  assert.deepEqual(slow.sizes(), [sinkWriteBytes])
  sink.drop()
  slow.socket.destroy()
})

test('socket sink: behind bytes that wait, single ones are packed, and leave when those have gone', async () => {
  const slow = slowSocket()
  const { sink } = sinkInto(slow.socket)
  const bytes = source.bytes(0, 20_000)
  sink.push(bytes, 0, 10_000)
  sink.flush()
  const used = buffersInUse()
  for (let at = 10_000; at < 20_000; at++) {
    sink.push(bytes, at, at + 1)
    sink.flush()
  }
  assert.equal(buffersInUse() - used, Math.ceil(10_000 / smallWriteBytes))
  assert.deepEqual(slow.sizes(), [10_000])
  while (slow.sizes().reduce((sum, size) => sum + size) < bytes.length) await slow.takes()
  assert.ok(Buffer.concat(slow.writes).equals(bytes))
})

test('socket sink: nothing stays acquired, after the end as after a loss', async () => {
  const before = buffersInUse()
  const bytes = source.bytes(0, 200_000)
  const ended = slowSocket()
  const whole = sinkInto(ended.socket)
  whole.sink.push(bytes, 0, 200_000)
  whole.sink.end()
  while (!ended.socket.writableFinished) await ended.takes()
  assert.deepEqual([whole.sink.bytesTaken, buffersInUse()], [200_000, before])

  const lost = slowSocket()
  lost.socket.on('error', () => {})
  const broken = sinkInto(lost.socket)
  broken.sink.push(bytes, 0, 200_000)
  lost.socket.destroy()
  await lost.takes(new Error('reset'))
  broken.sink.drop()
  assert.deepEqual([broken.sink.bytesTaken, buffersInUse()], [0, before])
})
