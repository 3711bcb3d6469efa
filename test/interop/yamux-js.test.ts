// yamux-js 0.2.0 as a peer: what it can do when every chunk that it gets is one whole frame, and what
// it cannot, which is why the mux is ours (docs/adr/0001). The second half asserts today's failures: a
// test that turns red there says that a new version can do more.
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Transport, TransportHandler } from '@sallyport/mux'
import { initialWindowBytes } from '@sallyport/protocol'
import { Client, Server } from 'yamux-js'
import { Changes } from '../support/changes.ts'
import { naiveDecode, naiveEncode } from '../support/naive-frame.ts'
import { OffsetChecker } from '../support/offset-checker.ts'
import { OffsetStream } from '../support/offset-stream.ts'
import { flag, type } from '../support/raw-peer.ts'
import { SessionSide, type Side } from '../support/session-pair.ts'
import { writeOffsets } from '../support/stream-writer.ts'

const quiet = { enableKeepAlive: false, logger: () => {} }

/** Hands our bytes to yamux-js one whole frame at a time, the only cut that it takes. */
class WholeFrames implements Transport {
  readonly messageHeaderBytes = 0
  readonly #peer: Duplex

  constructor(peer: Duplex) {
    this.#peer = peer
  }

  start(handler: TransportHandler): void {
    this.#peer.on('data', (chunk: Buffer) => handler.onBytes(chunk, 0, chunk.length))
    this.#peer.on('close', () => handler.onEnd({ code: undefined, reason: '' }))
  }

  sealMessage(_slab: Buffer, _start: number, end: number): number {
    return end
  }

  send(sealed: Buffer, taken: () => void): void {
    for (const frame of naiveDecode(sealed).frames) this.#peer.write(naiveEncode(frame))
    setImmediate(taken)
  }

  close(): void {
    this.#peer.destroy()
  }

  destroy(): void {
    this.#peer.destroy()
  }
}

/** A session of ours with yamux-js at the other end. */
function joined(side: Side) {
  const streams: Duplex[] = []
  const changes = new Changes()
  const onStream = (stream: Duplex) => {
    streams.push(stream)
    changes.tell()
  }
  const peer = side === 'agent' ? new Server(onStream, quiet) : new Client(quiet)
  const ours = new SessionSide({ transport: new WholeFrames(peer), side })
  return {
    ours,
    peer,
    async accepted(): Promise<Duplex> {
      await changes.until('a stream at yamux-js', () => streams.length > 0)
      return streams.shift() ?? assert.fail()
    },
    [Symbol.asyncDispose]: () => ours[Symbol.asyncDispose](),
  }
}

/** yamux-js alone, fed by hand; `frames` is what it says. */
function byHand() {
  const streams: Duplex[] = []
  const server = new Server((stream) => streams.push(stream), quiet)
  const said: Buffer[] = []
  server.on('data', (chunk: Buffer) => said.push(chunk))
  return { server, streams, frames: () => naiveDecode(Buffer.concat(said)).frames }
}

const bytes = 150_000

for (const side of ['agent', 'relay'] as const) {
  test(`yamux-js: carries bytes both ways, in whole frames (ours: ${side})`, async () => {
    await using pair = joined(side)
    const opener = side === 'agent' ? pair.ours.open() : undefined
    const far = side === 'agent' ? await pair.accepted() : (pair.peer as Client).open()
    const near = opener ?? (await pair.ours.nextStream())
    near.expect({ key: 2, bytes })
    const checker = new OffsetChecker(new OffsetStream(1), bytes)
    far.on('data', (chunk: Buffer) => {
      checker.push(chunk)
      near.changes.tell()
    })
    const oracle = new OffsetStream(2)
    for (let at = 0; at < bytes; at += 10_000) far.write(oracle.bytes(at, 10_000))
    await writeOffsets(near, 1, bytes)
    await near.until('all bytes', () => near.receivedBytes === bytes && checker.received === bytes)
    assert.equal(checker.verdict().kind, 'intact')
    assert.equal(near.isSpoiled, false)
  })
}

test('yamux-js: answers our ping, and we its', async () => {
  await using pair = joined('relay')
  for (let turn = 0; pair.ours.session.rttMs === undefined; turn++) {
    assert.ok(turn < 1_000, 'no answer')
    await nextTurn()
  }
  const client = pair.peer as unknown as { ping(): void; pings: Map<number, unknown> }
  client.ping()
  assert.equal(client.pings.size, 1)
  for (let turn = 0; client.pings.size > 0; turn++) {
    assert.ok(turn < 1_000, 'no answer of ours')
    await nextTurn()
  }
})

test('yamux-js: heeds our go away', async () => {
  await using pair = joined('relay')
  const client = pair.peer as unknown as { remoteGoAway: boolean }
  pair.ours.session.goAway()
  for (let turn = 0; !client.remoteGoAway; turn++) {
    assert.ok(turn < 1_000, 'it does not')
    await nextTurn()
  }
})

test('yamux-js: its close of a stream is a FIN to us', async () => {
  await using pair = joined('relay')
  const far = (pair.peer as Client).open()
  const near = await pair.ours.nextStream()
  far.write('last')
  ;(far as unknown as { close(): void }).close()
  await near.ended()
  assert.equal(near.bytes.toString(), 'last')
})

// --- what it cannot do --------------------------------------------------------------------------

/** How many of 65,536 bytes arrive when they come in whole frames, or cut at so many bytes. */
async function arriving(cutBytes?: number): Promise<number> {
  const { server, streams } = byHand()
  const open = naiveEncode({ type: type.windowUpdate, flags: flag.syn, streamId: 1 })
  const frames = [open]
  for (let at = 0; at < 65_536; at += 16_384) {
    frames.push(naiveEncode({ streamId: 1, payload: new OffsetStream(1).bytes(at, 16_384) }))
  }
  const wire = Buffer.concat(frames)
  let received = 0
  server.on('error', () => {})
  const chunks = [...frames]
  if (cutBytes !== undefined) {
    chunks.length = 0
    for (let at = 0; at < wire.length; at += cutBytes) {
      chunks.push(wire.subarray(at, at + cutBytes))
    }
  }
  for (const chunk of chunks) {
    server.write(chunk)
    for (const stream of streams.splice(0)) {
      stream.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
    }
  }
  await nextTurn()
  await nextTurn()
  return received
}

test('yamux-js fails: of 65,536 bytes cut at 1,400 none arrive', async () => {
  assert.equal(await arriving(), 65_536)
  assert.equal(await arriving(1_400), 0)
  assert.equal(await arriving(7), 0)
})

test('yamux-js fails: data that comes with SYN is lost', async () => {
  await using pair = joined('agent')
  const near = pair.ours.open(Buffer.from('first bytes'))
  const far = await pair.accepted()
  const seen: string[] = []
  far.on('data', (chunk: Buffer) => {
    seen.push(chunk.toString())
    near.changes.tell()
  })
  near.stream.write(Buffer.from('second'))
  await near.until('what follows', () => seen.length > 0)
  assert.deepEqual(seen, ['second'])
})

test('yamux-js fails: our FIN is not told to the reader', async () => {
  await using pair = joined('agent')
  const near = pair.ours.open()
  const far = await pair.accepted()
  let hasEnded = false
  far.on('end', () => {
    hasEnded = true
  })
  far.resume()
  near.stream.end()
  // Its answer to a ping comes after all that came before.
  far.write('still alive')
  await near.until('its bytes', () => near.receivedBytes > 0)
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  assert.equal(hasEnded, false)
})

test('yamux-js fails: a reader that reads nothing is sent everything', async () => {
  await using pair = joined('agent')
  const near = pair.ours.open()
  const far = await pair.accepted()
  far.pause()
  const much = 8 * initialWindowBytes
  await writeOffsets(near, 1, much)
  await near.until('credit for all', () => near.stream.bytesSent === much)
  assert.ok(far.readableLength > 7 * initialWindowBytes, `${far.readableLength} bytes wait`)
})

test('yamux-js fails: credit wakes no writer, a clock of 100 ms does', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { server, streams, frames } = byHand()
  server.write(naiveEncode({ type: type.windowUpdate, flags: flag.syn, streamId: 1 }))
  const [stream] = streams
  stream?.write(Buffer.alloc(initialWindowBytes + 1))
  const sent = () => frames().reduce((sum, frame) => sum + frame.payload.length, 0)
  assert.equal(sent(), initialWindowBytes)
  server.write(naiveEncode({ type: type.windowUpdate, streamId: 1, length: 65_536 }))
  context.mock.timers.tick(99)
  assert.equal(sent(), initialWindowBytes)
  context.mock.timers.tick(1)
  assert.equal(sent(), initialWindowBytes + 1)
})
