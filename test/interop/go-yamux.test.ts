// hashicorp/yamux, the implementation that the specification describes, as a live peer: it opens and
// accepts, dials and is dialled, over a plain socket and over our WebSocket transport.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { SallyportError, initialWindowBytes } from '@sallyport/protocol'
import { requires } from '../support/requires.ts'
import { StreamRecorder } from '../support/stream-recorder.ts'
import { writeChunk } from '../support/stream-writer.ts'
import { type YamuxPeer, keystream, startYamuxPeer, yamuxLinks } from '../support/yamux-peer.ts'

/** One test for each way to be joined. */
function withYamux(
  fact: string,
  run: (peer: YamuxPeer) => Promise<void>,
  flags: readonly string[] = [],
): void {
  for (const link of yamuxLinks) {
    test(`hashicorp/yamux: ${fact} (${link.name})`, requires('yamux'), async () => {
      await using peer = await startYamuxPeer(link, flags)
      await run(peer)
    })
  }
}

/** Opens a stream that the peer serves as its first line says. */
function ask(peer: YamuxPeer, line: string): StreamRecorder {
  return peer.side.open(Buffer.from(`${line}\n`))
}

async function send(stream: StreamRecorder, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 60_000) {
    await writeChunk(stream.stream, stream, bytes.subarray(at, at + 60_000))
  }
}

withYamux('echoes a stream of ours, and ACKs it', async (peer) => {
  for (const bytes of [1, 100, 20_000, 1_000_000]) {
    const stream = ask(peer, 'echo')
    const sent = keystream(bytes, bytes)
    await send(stream, sent)
    // Once it has read a FIN it sends no ACK any more.
    await stream.until('ACK', () => stream.events.includes('accepted'))
    stream.stream.end()
    await stream.ended()
    assert.ok(stream.bytes.equals(sent))
    assert.ok(stream.stream.isClosed)
  }
  assert.deepEqual((await peer.run({ do: 'state' }))['streams'], 0)
})

withYamux('takes what a half-closed stream sent, and answers whole', async (peer) => {
  const stream = ask(peer, 'sink')
  const sent = keystream(3, 700_001)
  await send(stream, sent)
  stream.stream.end()
  await stream.ended()
  const hash = createHash('sha256').update(sent).digest('hex')
  assert.equal(stream.bytes.toString(), `700001 ${hash}`)
})

withYamux('half-closes first and still takes all we send', async (peer) => {
  const stream = ask(peer, 'source 900000 7')
  await stream.ended()
  assert.ok(stream.bytes.equals(keystream(7, 900_000)))
  await send(stream, keystream(8, 300_000))
  stream.stream.end()
  assert.equal((await peer.served(stream.stream.id))['error'], '')
})

withYamux('opens streams that we echo', async (peer) => {
  echoAll(peer)
  for (const bytes of [1, 70_000, 2_000_000]) {
    const { read, same } = await peer.run({ do: 'echo', bytes, key: bytes })
    assert.deepEqual([read, same], [bytes, true])
  }
})

withYamux('half-closes a stream of its own and reads our answer', async (peer) => {
  const answering = peer.side.nextStream().then(async (stream) => {
    await stream.ended()
    stream.stream.write(Buffer.from(`answer to ${stream.bytes.toString()}`))
    stream.stream.end()
  })
  const { answer } = await peer.run({ do: 'half-close' })
  await answering
  assert.equal(answer, 'answer to request')
})

withYamux(
  'plays ping-pong on 1,000 streams, its own and ours',
  async (peer) => {
    echoAll(peer)
    const theirs = peer.run({ do: 'many', count: 1_000 })
    const ours = Array.from({ length: 1_000 }, (_, index) => {
      const stream = ask(peer, 'echo')
      stream.stream.write(Buffer.from(`ping ${index}`))
      stream.stream.end()
      return stream
    })
    for (const [index, stream] of ours.entries()) {
      await stream.ended()
      assert.equal(stream.bytes.toString(), `ping ${index}`)
    }
    assert.equal((await theirs)['good'], 1_000)
    assert.equal(peer.side.session.streamCount, 0)
    assert.equal(peer.side.session.heldBytes, 0)
  },
  // It resets what waits beyond its backlog, 256 by default.
  ['-backlog=1000'],
)

withYamux('is reset by us in mid-stream', async (peer) => {
  const stream = ask(peer, 'read')
  await send(stream, keystream(1, 100_000))
  stream.stream.reset()
  assert.equal((await peer.served(stream.stream.id))['error'], 'connection reset')
  const other = ask(peer, 'echo')
  other.stream.end()
  await other.ended()
})

withYamux('is refused a stream by a reset', async (peer) => {
  peer.side.onStream = (stream) => stream.reset()
  await peer.run({ do: 'read-all' }, 'connection reset')
})

withYamux(
  'resets a stream that it waits for in vain',
  async (peer) => {
    const result = peer.start({ do: 'never-end' })
    const stream = await peer.side.nextStream()
    await stream.ended()
    const error = await stream.reset()
    assert.equal(error.code, 'SP_STREAM_RESET')
    assert.deepEqual(stream.events, ['end', 'reset SP_STREAM_RESET'])
    await result
  },
  ['-close-timeout=50ms'],
)

withYamux(
  'resets streams beyond its backlog',
  async (peer) => {
    const streams = Array.from({ length: 5 }, () => peer.side.open())
    const refused = streams.slice(3)
    for (const stream of refused) assert.equal((await stream.reset()).code, 'SP_STREAM_RESET')
    assert.ok(streams.slice(0, 3).every(({ isReset }) => !isReset))
  },
  ['-backlog=3', '-accept=false'],
)

withYamux('stalls after one window into a reader of ours that does not read', async (peer) => {
  const recorder = new StreamRecorder({ isReading: false })
  peer.side.onStream = (stream) => {
    recorder.take(stream)
  }
  const bytes = 3 * initialWindowBytes
  const result = peer.start({ do: 'stall', bytes, key: 5 })
  const stalled = await peer.told(({ event }) => event === 'stalled', 'stall')
  assert.equal(stalled['bytes'], initialWindowBytes)
  assert.equal(recorder.receivedBytes, initialWindowBytes)
  recorder.read()
  await recorder.ended()
  assert.ok(recorder.bytes.equals(keystream(5, bytes)))
  recorder.stream.end()
  assert.equal((await result)['error'], '')
})

withYamux('stalls us after one window into a reader that does not read', async (peer) => {
  const stream = ask(peer, 'hold')
  const sent = keystream(9, 2 * initialWindowBytes)
  const sending = send(stream, sent)
  // Its answer to a ping comes after all that it was sent before.
  for (let pings = 0; stream.stream.bytesSent < initialWindowBytes; pings++) {
    assert.ok(pings < 1_000, 'the window is not used')
    await peer.run({ do: 'ping' })
  }
  for (let pings = 0; pings < 3; pings++) await peer.run({ do: 'ping' })
  assert.equal(stream.stream.bytesSent, initialWindowBytes)
  await peer.run({ do: 'release' })
  await sending
  stream.stream.end()
  await stream.ended()
  const hash = createHash('sha256').update(sent).digest('hex')
  assert.equal(stream.bytes.toString(), `${sent.length} ${hash}`)
})

withYamux('answers our pings, and we its', async (peer) => {
  let pings = 0
  do {
    assert.ok(pings++ < 1_000, 'no answer to our ping')
    const { micros } = await peer.run({ do: 'ping' })
    assert.ok(Number(micros) >= 0)
  } while (peer.side.session.rttMs === undefined)
})

withYamux('opens nothing after our go away, and what runs goes on', async (peer) => {
  const stream = ask(peer, 'echo')
  peer.side.session.goAway()
  await peer.run({ do: 'ping' })
  await peer.run({ do: 'open' }, 'remote end is not accepting connections')
  stream.stream.write(Buffer.from('still here'))
  stream.stream.end()
  await stream.ended()
  assert.equal(stream.bytes.toString(), 'still here')
})

withYamux('after its go away we open nothing, and what runs goes on', async (peer) => {
  const stream = ask(peer, 'echo')
  stream.stream.write(Buffer.from('still '))
  await stream.until('its echo', () => stream.receivedBytes === 6)
  await peer.run({ do: 'go-away' })
  await peer.run({ do: 'ping' })
  assert.throws(() => peer.side.open(), { code: 'SP_DRAINING' })
  stream.stream.write(Buffer.from('here'))
  stream.stream.end()
  await stream.ended()
  assert.equal(stream.bytes.toString(), 'still here')
})

withYamux('closes its session: our streams are reset, the session is lost', async (peer) => {
  const stream = ask(peer, 'read')
  await stream.until('ACK', () => stream.events.includes('accepted'))
  // It ends before it can tell a result.
  peer.start({ do: 'close' }).catch(() => {})
  assert.equal((await stream.reset()).code, 'SP_SESSION_LOST')
  await peer.side.closed()
})

withYamux('is told of the end of our session', async (peer) => {
  const stream = ask(peer, 'read')
  peer.side.session.close(1002, 'SP_PROTOCOL', new SallyportError('SP_PROTOCOL', 'a breach'))
  await peer.told(({ event }) => event === 'session-over', 'end of the session')
  await stream.reset()
})

/** Sends back what the peer's streams bring, and their end. */
function echoAll({ side }: YamuxPeer): void {
  side.onStream = (stream) => {
    const waiting: Buffer[] = []
    let mayWrite = true
    let mustEnd = false
    const pump = () => {
      while (mayWrite) {
        const chunk = waiting.shift()
        if (chunk === undefined) break
        mayWrite = stream.write(chunk)
        stream.consumed(chunk.length)
      }
      if (mustEnd && waiting.length === 0) stream.end()
    }
    stream.receive({
      onData: (chunk) => {
        waiting.push(chunk)
        pump()
      },
      onEnd: () => {
        mustEnd = true
        pump()
      },
      onDrain: () => {
        mayWrite = true
        pump()
      },
      onReset: () => {},
    })
    stream.accept()
  }
}
