// What a hostile peer may try (research on HTTP/2 and yamux: CVE-2023-44487, CVE-2026-32314,
// CVE-2022-23492, RUSTSEC-2026-0258), one by one: floods, which cost memory nowhere, and an honest
// session of the same process goes on.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { MuxStream } from '@sallyport/mux'
import { agentBudgetBytes, initialWindowBytes, maxStreams } from '@sallyport/protocol'
import { abuse, batch, forget, holdAnswers, underAbuse } from '../support/abuse.ts'
import { flag, type } from '../support/raw-peer.ts'

abuse(
  'a SYN flood opens as many streams as may be, the rest is reset',
  async ({ victim, peer, peerId }) => {
    const rounds = 100
    for (let round = 0; round < rounds; round++) {
      peer.sendBytes(
        batch(1_000, (index) => ({
          type: type.windowUpdate,
          flags: flag.syn,
          streamId: peerId(1_000 * round + index),
        })),
      )
      await peer.settled()
    }
    assert.equal(victim.session.streamCount, maxStreams)
    const resets = peer.frames.filter(({ flags }) => flags === flag.rst)
    assert.equal(resets.length, 1_000 * rounds - maxStreams)
    assert.equal(victim.isClosed, false)
    peer.frames.length = 0
  },
  { growthMiB: 32 },
)

abuse(
  'a rapid reset (SYN, RST, SYN, RST …) leaves no stream behind',
  async ({ victim, peer, peerId }) => {
    for (let round = 0; round < 100; round++) {
      peer.sendBytes(
        batch(1_000, (index) => ({
          type: type.windowUpdate,
          flags: index % 2 === 0 ? flag.syn : flag.rst,
          streamId: peerId(500 * round + (index >> 1)),
        })),
      )
      await peer.settled()
    }
    peer.send({ flags: flag.syn | flag.rst, streamId: peerId(50_000), payload: Buffer.from('x') })
    await peer.settled()
    assert.equal(victim.session.streamCount, 0)
    assert.equal(victim.isClosed, false)
  },
)

abuse('a ping flood is answered, ping by ping', async ({ victim, peer }) => {
  peer.sendBytes(batch(50_000, (index) => ({ type: type.ping, flags: flag.syn, length: index })))
  await peer.settled()
  const pongs = peer.frames.filter((frame) => frame.type === type.ping && frame.flags === flag.ack)
  assert.deepEqual(
    pongs.map(({ length }) => length),
    Array.from({ length: 50_000 }, (_, index) => index),
  )
  assert.equal(victim.isClosed, false)
  peer.frames.length = 0
})

for (const [what, frame] of [
  ['pings', () => ({ type: type.ping, flags: flag.syn, length: 1 })],
  ['SYNs past the limit', (id: number) => ({ type: type.data, flags: flag.syn, streamId: id })],
] as const) {
  abuse(`a flood of ${what} by a peer that reads nothing closes its session`, async (all) => {
    const { victim, peer, peerId } = all
    victim.session.goAway()
    holdAnswers(all)
    for (let round = 0; !victim.isClosed; round++) {
      assert.ok(round < 1_000, 'the session goes on for ever')
      peer.sendBytes(batch(1_000, (index) => frame(peerId(1_000 * round + index))))
      await peer.settled()
    }
    const error = await victim.closed()
    assert.equal(error.code, 'SP_PROTOCOL')
    assert.match(error.message, /reads nothing/)
    // Should it read after all, it finds the goodbye behind all the answers.
    peer.transport.peer.letGo()
    await peer.changes.until('the goodbye', () => peer.end !== undefined)
    assert.deepEqual([peer.end?.code, peer.frames.at(-1)?.type], [1002, type.goAway])
    peer.frames.length = 0
  })
}

abuse(
  'a flood of empty data frames and of empty window updates is nothing',
  async (all) => {
    const { victim, peer, peerId } = all
    peer.send({ flags: flag.syn, streamId: peerId(0) })
    for (let round = 0; round < 100; round++) {
      peer.sendBytes(batch(2_000, (index) => ({ type: index % 2, streamId: peerId(0) })))
      await peer.settled()
    }
    assert.equal(victim.session.streamCount, 1)
    assert.equal(victim.isClosed, false)
  },
  {
    onStream: (stream) => {
      stream.receive({
        onData: () => assert.fail('an empty chunk'),
        onDrain: () => assert.fail('a drain that nobody waits for'),
        onReset: () => {},
      })
    },
  },
)

abuse(
  'a length of 4 GiB for a stream that is reset is swallowed, and nothing grows',
  async (all) => {
    const { victim, peer, peerId } = all
    peer.send({ flags: flag.syn, streamId: peerId(0) }, { flags: flag.rst, streamId: peerId(0) })
    peer.send({ streamId: peerId(0), length: 0xffff_ffff })
    for (let round = 0; round < 64; round++) {
      peer.sendBytes(Buffer.alloc(1024 * 1024))
      await peer.settled()
    }
    assert.equal(victim.session.heldBytes, 0)
    assert.equal(victim.isClosed, false)
  },
)

test('mux: a peer that reads nothing stops the writers of all its streams', () =>
  underAbuse({}, async (all) => {
    const { victim, clock } = all
    holdAnswers(all)
    let taken = 0
    const stopped: MuxStream[] = []
    for (let count = 0; count < 100; count++) {
      const stream = victim.session.open(Buffer.alloc(100), { onReset: () => {} })
      for (let goesOn = true; goesOn;) {
        goesOn = stream.write(Buffer.alloc(16_000))
        taken += 16_000
      }
      stopped.push(stream)
    }
    await all.peer.settled()
    assert.ok(taken <= 100 * 16_000 + 512 * 1024, `${taken} bytes were taken`)
    clock.advance(10_000)
    assert.equal((await victim.closed()).code, 'SP_DEAD_PEER')
    assert.ok(stopped.every((stream) => stream.isClosed))
  }))

abuse(
  'sinks that take nothing hold no more than the budget, however fast it is filled',
  async (all) => {
    const { victim, peer, peerId } = all
    const streams = 800
    let most = 0
    for (let index = 0; index < streams; index++) {
      peer.send({
        flags: flag.syn,
        streamId: peerId(index),
        payload: Buffer.alloc(initialWindowBytes),
      })
      await peer.settled()
      most = Math.max(most, victim.session.heldBytes)
    }
    assert.ok(most <= 2 * agentBudgetBytes, `${most} bytes were held`)
    assert.ok(victim.session.streamCount < streams)
    assert.equal(victim.isClosed, false)
  },
  { onStream: (stream) => stream.receive({ onReset: () => {} }), growthMiB: 150 },
)

abuse(
  'bytes that wait, one by one, keep no more memory alive than they are',
  async (all) => {
    const { peer, peerId } = all
    const [waits, flows] = [peerId(0), peerId(1)]
    peer.send({ flags: flag.syn, streamId: waits }, { flags: flag.syn, streamId: flows })
    // Each byte comes in a chunk of its own, among 16 KiB for a stream that is read.
    for (let round = 0; round < 1_500; round++) {
      peer.send(
        { streamId: waits, payload: Buffer.from('x') },
        { streamId: flows, payload: Buffer.alloc(16_000) },
      )
      await peer.settled()
    }
  },
  {
    onStream: (stream) => {
      if (stream.id > 2) forget(stream)
      else stream.receive({ onReset: () => {} })
    },
    growthMiB: 8,
  },
)
