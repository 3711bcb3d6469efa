// What flow control promises, on every transport and in both roles (docs/protocol.md §4): a window's worth and
// no more, credit on reading and not before, and one stalled stream harms no other.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { initialWindowBytes } from '@sallyport/protocol'
import { OffsetStream } from '../support/offset-stream.ts'
import { onEveryTransport } from '../support/mux-transports.ts'
import { openStream } from '../support/session-pair.ts'
import type { StreamRecorder } from '../support/stream-recorder.ts'
import { writeOffsets } from '../support/stream-writer.ts'

/** Waits until a stream has got so many bytes and, over some turns of the event loop, no more. */
async function standsAt(recorder: StreamRecorder, bytes: number): Promise<void> {
  await recorder.until(`${bytes} bytes`, () => recorder.receivedBytes >= bytes)
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  assert.equal(recorder.receivedBytes, bytes)
}

onEveryTransport(
  'a reader that reads nothing gets one window, and the rest as it reads',
  async (all) => {
    const { opener, taker } = await openStream(all.from, all.to)
    const bytes = initialWindowBytes * 2 + 12_345
    taker.expect({ key: 1, bytes })
    taker.pause()
    const written = writeOffsets(opener, 1, bytes)
    await standsAt(taker, initialWindowBytes)
    assert.equal(all.to.session.heldBytes, initialWindowBytes)
    taker.readBytes(initialWindowBytes / 4 - 1)
    await standsAt(taker, initialWindowBytes)
    taker.readBytes(1)
    await standsAt(taker, initialWindowBytes * 1.25)
    taker.read()
    await written
    opener.stream.end()
    await taker.endedIntact()
    assert.equal(all.to.session.heldBytes, 0)
  },
)

onEveryTransport('the first bytes of a stream count against its window', async (all) => {
  const { opener, taker } = await openStream(all.from, all.to, { firstBytes: Buffer.alloc(1_000) })
  taker.pause()
  const written = writeOffsets(opener, 1, initialWindowBytes)
  await standsAt(taker, initialWindowBytes)
  assert.equal(opener.stream.bytesSent, initialWindowBytes)
  taker.read()
  await written
})

onEveryTransport('a reader that stops stalls its own stream and no other', async (all) => {
  const bytes = Math.floor(all.kind.muchBytes / 3)
  const stalled = await openStream(all.from, all.to)
  stalled.taker.pause()
  const waiting = writeOffsets(stalled.opener, 1, initialWindowBytes * 2)
  await stalled.taker.until('a full window', () => {
    return stalled.taker.receivedBytes === initialWindowBytes
  })
  const others = await Promise.all([1, 2, 3].map(() => openStream(all.from, all.to)))
  await Promise.all(
    others.map(async ({ opener, taker }, index) => {
      taker.expect({ key: index, bytes })
      await writeOffsets(opener, index, bytes)
      opener.stream.end()
      await taker.endedIntact()
    }),
  )
  assert.equal(all.to.session.heldBytes, initialWindowBytes)
  assert.equal(stalled.taker.receivedBytes, initialWindowBytes)
  stalled.taker.read()
  await waiting
})

onEveryTransport('both ends may fill their windows before either reads', async (all) => {
  const bytes = initialWindowBytes + 50_000
  const { opener, taker } = await openStream(all.from, all.to)
  opener.expect({ key: 2, bytes })
  taker.expect({ key: 1, bytes })
  opener.pause()
  taker.pause()
  const written = [writeOffsets(opener, 1, bytes), writeOffsets(taker, 2, bytes)]
  await standsAt(opener, initialWindowBytes)
  await standsAt(taker, initialWindowBytes)
  opener.read()
  taker.read()
  await Promise.all(written)
  opener.stream.end()
  taker.stream.end()
  await opener.endedIntact()
  await taker.endedIntact()
})

onEveryTransport('FIN needs no credit', async (all) => {
  const { opener, taker } = await openStream(all.from, all.to)
  taker.pause()
  await writeOffsets(opener, 1, initialWindowBytes - 1)
  opener.stream.write(Buffer.from('x'))
  opener.stream.end()
  await taker.ended()
  assert.equal(taker.receivedBytes, initialWindowBytes)
})

onEveryTransport('bytes and FIN written without credit arrive once it comes', async (all) => {
  const bytes = initialWindowBytes + 40_000
  const { opener, taker } = await openStream(all.from, all.to)
  taker.expect({ key: 1, bytes })
  taker.pause()
  await writeOffsets(opener, 1, initialWindowBytes - 20_000)
  const last = new OffsetStream(1).bytes(initialWindowBytes - 20_000, 60_000)
  assert.equal(opener.stream.write(last), false)
  opener.stream.end()
  await standsAt(taker, initialWindowBytes)
  assert.equal(taker.hasEnded, false)
  taker.read()
  await taker.endedIntact()
})

onEveryTransport('a byte at a time passes as well', async (all) => {
  const { opener, taker } = await openStream(all.from, all.to)
  taker.expect({ key: 1, bytes: 3_000 })
  await writeOffsets(opener, 1, 3_000, { chunkBytes: 1 })
  opener.stream.end()
  await taker.endedIntact()
})
