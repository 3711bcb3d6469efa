// What a stream promises, on every transport and in both roles: opening, bytes both ways, the four
// ways of ending. The list of cases follows the session tests of hashicorp/yamux and rust-yamux.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MuxStream } from '@sallyport/mux'
import { onEveryTransport } from '../support/mux-transports.ts'
import { type SessionSide, openStream } from '../support/session-pair.ts'
import { StreamRecorder } from '../support/stream-recorder.ts'
import { writeOffsets } from '../support/stream-writer.ts'

/** Nothing of any stream is left: no stream, no byte on the account. */
function assertForgotten(...sides: readonly SessionSide[]): void {
  for (const { session } of sides) {
    assert.equal(session.streamCount, 0)
    assert.equal(session.heldBytes, 0)
    assert.equal(session.isClosed, false)
  }
}

/** All of an offset stream and then FIN. */
async function sendAll(from: StreamRecorder, key: number, bytes: number): Promise<void> {
  await writeOffsets(from, key, bytes)
  from.stream.end()
}

onEveryTransport(
  'the first bytes arrive with the stream, and ACK when it is accepted',
  async (all) => {
    const { from, to } = all
    const { opener, taker } = await openStream(from, to, { firstBytes: Buffer.from('hello') })
    await taker.until('the first bytes', () => taker.receivedBytes === 5)
    assert.equal(taker.bytes.toString(), 'hello')
    assert.equal(taker.stream.id, opener.stream.id)
    assert.deepEqual(opener.events, [])
    taker.stream.accept()
    await opener.until('ACK', () => opener.events.length > 0)
    taker.stream.accept()
    taker.stream.end()
    await opener.ended()
    assert.deepEqual(opener.events, ['accepted', 'end'])
    assert.equal(opener.stream.bytesSent, 5)
    assert.equal(taker.stream.bytesReceived, 5)
  },
)

onEveryTransport(
  'ids rise by two, odd ones from the agent and even ones from the relay',
  async (all) => {
    const first = all.from === all.agent ? 1 : 2
    for (let count = 0; count < 3; count++) {
      const { opener, taker } = await openStream(all.from, all.to)
      assert.equal(opener.stream.id, first + 2 * count)
      assert.equal(taker.stream.id, opener.stream.id)
    }
  },
)

onEveryTransport(
  'every byte arrives both ways at once, then FIN, and nothing is left',
  async (all) => {
    const bytes = all.kind.muchBytes
    const { opener, taker } = await openStream(all.from, all.to)
    const up = { key: 1, bytes }
    const down = { key: 2, bytes }
    opener.expect(down)
    taker.expect(up)
    await Promise.all([
      sendAll(opener, up.key, bytes),
      sendAll(taker, down.key, bytes),
      opener.endedIntact(),
      taker.endedIntact(),
    ])
    assertForgotten(all.from, all.to)
  },
)

onEveryTransport('who half-closes first still gets the whole reply', async (all) => {
  const bytes = all.kind.muchBytes / 4
  for (const first of ['opener', 'taker'] as const) {
    const both = await openStream(all.from, all.to)
    const second = first === 'opener' ? 'taker' : 'opener'
    const [asks, answers] = [both[first], both[second]]
    asks.expect({ key: 2, bytes })
    answers.expect({ key: 1, bytes: 1_000 })
    await sendAll(asks, 1, 1_000)
    await answers.endedIntact()
    assert.equal(answers.stream.isClosed, false)
    await sendAll(answers, 2, bytes)
    await asks.endedIntact()
    assert.ok(asks.stream.isClosed && answers.stream.isClosed)
  }
  assertForgotten(all.from, all.to)
})

onEveryTransport('both may half-close at once', async (all) => {
  const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(all.from, all.to)))
  for (const { opener, taker } of streams) {
    opener.stream.end()
    taker.stream.end()
  }
  for (const { opener, taker } of streams) {
    await opener.ended()
    await taker.ended()
  }
  assertForgotten(all.from, all.to)
})

onEveryTransport(
  'a stream may end before its first byte and before it was accepted',
  async (all) => {
    const { opener, taker } = await openStream(all.from, all.to)
    opener.stream.end()
    await taker.ended()
    taker.stream.accept()
    taker.stream.end()
    await opener.ended()
    assert.deepEqual(opener.events, ['accepted', 'end'])
    assertForgotten(all.from, all.to)
  },
)

onEveryTransport(
  'a reset is told to the other end alone, before any byte as after some',
  async (all) => {
    for (const resets of ['opener', 'taker'] as const) {
      for (const bytes of [0, 50_000]) {
        const both = await openStream(all.from, all.to)
        const other = both[resets === 'opener' ? 'taker' : 'opener']
        if (bytes > 0) await writeOffsets(both[resets], 1, bytes)
        both[resets].stream.reset()
        both[resets].stream.reset()
        const error = await other.reset()
        assert.equal(error.code, 'SP_STREAM_RESET')
        assert.deepEqual(
          both[resets].events.filter((event) => event !== 'drain'),
          [],
        )
        assert.ok(both.opener.stream.isClosed && both.taker.stream.isClosed)
        assert.equal(other.stream.write(Buffer.from('late')), true)
      }
    }
    assertForgotten(all.from, all.to)
  },
)

onEveryTransport('what was in flight at a reset goes nowhere and harms nobody', async (all) => {
  const { opener, taker } = await openStream(all.from, all.to)
  const other = await openStream(all.from, all.to)
  const writing = writeOffsets(opener, 1, 240_000)
  taker.stream.reset()
  await opener.reset()
  await writing
  const received = taker.receivedBytes
  other.taker.expect({ key: 3, bytes: 1_000 })
  await sendAll(other.opener, 3, 1_000)
  await other.taker.endedIntact()
  assert.equal(taker.receivedBytes, received)
  assert.deepEqual(taker.events, [])
  other.taker.stream.end()
  await other.opener.ended()
  assertForgotten(all.from, all.to)
})

onEveryTransport('a reset after the own FIN is told too', async (all) => {
  const { opener, taker } = await openStream(all.from, all.to)
  opener.stream.end()
  await taker.ended()
  opener.stream.reset()
  assert.equal((await taker.reset()).code, 'SP_STREAM_RESET')
  assert.deepEqual(taker.events, ['end', 'reset SP_STREAM_RESET'])
  assertForgotten(all.from, all.to)
})

onEveryTransport(
  'what comes early waits for a late receiver, and the FIN behind it',
  async (all) => {
    const bytes = 100_000
    const head = 16
    let late: MuxStream | undefined
    all.to.onStream = (stream) => {
      late = stream
      stream.receive({ onReset: () => {} })
    }
    const opener = all.from.open(Buffer.alloc(head))
    await sendAll(opener, 1, bytes)
    for (let turn = 0; late?.bytesReceived !== head + bytes; turn++) {
      assert.ok(turn < 100_000, 'the bytes do not come')
      await nextTurn()
    }
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    assert.equal(all.to.session.heldBytes, head + bytes)
    // Who reads the head decides who gets the rest.
    const stream = late
    const rest = new StreamRecorder({ expected: { key: 1, bytes } })
    let left = head
    stream.receive({
      onData: (chunk) => {
        const bytesOfHead = Math.min(left, chunk.length)
        left -= bytesOfHead
        stream.consumed(bytesOfHead)
        if (left > 0) return
        stream.putBack(chunk.subarray(bytesOfHead))
        rest.take(stream)
      },
      onReset: () => assert.fail('reset'),
    })
    assert.equal(rest.hasEnded, true)
    await rest.endedIntact()
    stream.end()
    await opener.ended()
    assertForgotten(all.from, all.to)
  },
)

onEveryTransport('1,000 streams play ping-pong at once', async (all) => {
  const { from, to } = all
  const openers = Array.from({ length: 1_000 }, (_, index) => from.open(Buffer.from(`${index}`)))
  const takers: StreamRecorder[] = []
  for (let count = 0; count < openers.length; count++) takers.push(await to.nextStream())
  await Promise.all(
    takers.map(async (taker, index) => {
      await taker.until('its number', () => taker.bytes.toString() === `${index}`)
      taker.stream.accept()
      taker.stream.write(Buffer.from(`pong ${index}`))
    }),
  )
  await Promise.all(
    openers.map(async (opener, index) => {
      await opener.until('the answer', () => opener.bytes.toString() === `pong ${index}`)
      opener.stream.end()
      const taker = takers[index] ?? assert.fail('no taker')
      await taker.ended()
      taker.stream.end()
      await opener.ended()
    }),
  )
  assertForgotten(from, to)
})
