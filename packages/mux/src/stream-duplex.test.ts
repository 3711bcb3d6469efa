import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SallyportError, initialWindowBytes } from '@sallyport/protocol'
import { deadline, until } from '../../../test/support/deadline.ts'
import { OffsetChecker } from '../../../test/support/offset-checker.ts'
import { usedMiB } from '../../../test/support/memory.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { createSessionPair, openStream } from '../../../test/support/session-pair.ts'
import { writeOffsets } from '../../../test/support/stream-writer.ts'
import { streamAsDuplex } from './stream-duplex.ts'

/** Both ends of a stream, as Node streams. */
async function duplexes() {
  let far: Duplex | undefined
  const pair = createSessionPair({
    relay: {
      onStream: (stream) => {
        far = streamAsDuplex(stream)
      },
    },
  })
  const near = streamAsDuplex(pair.agent.open().stream)
  await pair.relay.changes.until('the stream', () => far !== undefined)
  return { ...pair, near, far: far ?? assert.fail('no stream') }
}

function* chunksOf(key: number, bytes: number, size: number) {
  const oracle = new OffsetStream(key)
  for (let at = 0; at < bytes; at += size) yield oracle.bytes(at, Math.min(size, bytes - at))
}

test('duplex: carries every byte both ways, and each end on its own', async () => {
  await using pair = await duplexes()
  const bytes = 3_000_000
  const [up, down] = [1, 2].map((key) => new OffsetChecker(new OffsetStream(key), bytes))
  await deadline(
    Promise.all([
      pipeline(Readable.from(chunksOf(1, bytes, 200_000)), pair.near, { end: true }),
      pipeline(Readable.from(chunksOf(2, bytes, 777)), pair.far, { end: true }),
      up?.drain(pair.far),
      down?.drain(pair.near),
    ]),
    10_000,
    'end of both',
  )
  up?.assertIntact()
  down?.assertIntact()
  assert.equal(pair.agent.session.streamCount + pair.relay.session.streamCount, 0)
  assert.equal(pair.agent.session.heldBytes + pair.relay.session.heldBytes, 0)
})

test('duplex: a reader that does not read stops the writer', async () => {
  await using pair = await duplexes()
  let drawn = 0
  const chunks = chunksOf(1, 5_000_000, 50_000)
  const source = Readable.from(
    (function* count() {
      for (const chunk of chunks) {
        drawn += chunk.length
        yield chunk
      }
    })(),
  )
  source.pipe(pair.near)
  for (let still = 0, before = -1; still < 100; before = drawn) {
    await nextTurn()
    still = drawn === before ? still + 1 : 0
  }
  assert.ok(drawn > initialWindowBytes && drawn < 2_000_000, `${drawn} bytes were drawn`)
  const checker = new OffsetChecker(new OffsetStream(1), 5_000_000)
  pair.far.end()
  assert.equal((await deadline(checker.drain(pair.far), 10_000, 'end')).kind, 'intact')
})

test('duplex: destroyed before its end it is a reset for the peer', async () => {
  await using pair = await duplexes()
  const failed = until(pair.far, 'error')
  pair.near.destroy()
  const [error] = (await failed) as [SallyportError]
  assert.equal(error.code, 'SP_STREAM_RESET')
  assert.equal(pair.relay.session.streamCount, 0)
})

test('duplex: a lost session is an error', async () => {
  await using pair = await duplexes()
  const failures = [pair.near, pair.far].map((duplex) => until(duplex, 'error'))
  pair.link.agent.cut()
  for (const [error] of await Promise.all(failures)) {
    assert.equal((error as SallyportError).code, 'SP_SESSION_LOST')
  }
})

test('duplex: destroyed with bytes that nobody read, after both ends, it holds nothing', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  const duplex = streamAsDuplex(taker.stream)
  opener.stream.write(Buffer.alloc(60_000))
  opener.stream.write(Buffer.alloc(60_000))
  opener.stream.end()
  await pair.link.agent.changes.until('all', () => taker.stream.bytesReceived === 120_000)
  duplex.end()
  await opener.ended()
  duplex.destroy()
  await until(duplex, 'close')
  assert.equal(pair.relay.session.heldBytes, 0)
})

test('duplex: node:http serves a request over it', async () => {
  await using pair = await duplexes()
  const server = createServer((request, response) => {
    response.end(`${request.method ?? ''} ${request.url ?? ''}`)
  })
  server.emit('connection', pair.far)
  const request = get({ path: '/over/the/mux', createConnection: () => pair.near })
  const [response] = (await until(request, 'response')) as [NodeJS.ReadableStream]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  assert.equal(body, 'GET /over/the/mux')
  request.destroy()
})

test('duplex: who reads nothing hears of the end, as on a socket', async () => {
  await using pair = await duplexes()
  pair.near.on('error', () => {})
  const ended = until(pair.far, 'end')
  pair.near.end()
  await ended
  pair.far.end()
})

test('duplex: bytes that wait one by one for a reader cost little more than their size', async () => {
  await using pair = createSessionPair()
  const { opener, taker } = await openStream(pair.agent, pair.relay)
  const duplex = streamAsDuplex(taker.stream)
  duplex.on('error', () => {})
  // It has asked for data, as a reader that then pauses.
  duplex.read(0)
  const bytes = 50_000
  const before = usedMiB()
  await writeOffsets(opener, 1, bytes, { chunkBytes: 1 })
  opener.stream.end()
  while (taker.stream.bytesReceived < bytes) await nextTurn()
  const grown = usedMiB() - before
  assert.ok(grown < 2, `${grown.toFixed(1)} MiB for 50,000 bytes`)
  const checker = new OffsetChecker(new OffsetStream(1), bytes)
  assert.equal((await deadline(checker.drain(duplex), 10_000, 'end')).kind, 'intact')
})
