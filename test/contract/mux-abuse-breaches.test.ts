// What a hostile peer may try (research on HTTP/2 and yamux: CVE-2023-44487, CVE-2026-32314,
// CVE-2022-23492, RUSTSEC-2026-0258), one by one: breaches of the rules, which end the session that
// commits them, and an honest session of the same process goes on.
import assert from 'node:assert/strict'
import { initialWindowBytes } from '@sallyport/protocol'
import { abuse, closedFor } from '../support/abuse.ts'
import { flag, type } from '../support/raw-peer.ts'

abuse('credit past 32 bits closes the session', async (all) => {
  const streamId = all.peerId(0)
  all.peer.send(
    { flags: flag.syn, streamId },
    { type: type.windowUpdate, streamId, length: 0x7fff_ffff },
    { type: type.windowUpdate, streamId, length: 0x7fff_ffff },
    { type: type.windowUpdate, streamId, length: 2 },
  )
  await closedFor(/credit overflow/, all)
})

abuse('credit past 32 bits in a SYN closes the session', async (all) => {
  all.peer.send({
    type: type.windowUpdate,
    flags: flag.syn,
    streamId: all.peerId(0),
    length: 0xffff_ffff,
  })
  await closedFor(/credit overflow/, all)
})

abuse('a length of 4 GiB closes the session before its first byte', async (all) => {
  const streamId = all.peerId(0)
  all.peer.send({ flags: flag.syn, streamId }, { streamId, length: 0xffff_ffff })
  await closedFor(/4294967295 bytes where 262144 may come/, all)
})

abuse('data with SYN past the window closes the session', async (all) => {
  all.peer.send({
    flags: flag.syn,
    streamId: all.peerId(0),
    payload: Buffer.alloc(initialWindowBytes + 1),
  })
  await closedFor(/262145 bytes where 262144 may come/, all)
})

abuse(
  'one byte past the window closes the session',
  async (all) => {
    const streamId = all.peerId(0)
    all.peer.send({ flags: flag.syn, streamId, payload: Buffer.alloc(initialWindowBytes) })
    await all.peer.settled()
    assert.equal(all.victim.isClosed, false)
    all.peer.send({ streamId, payload: Buffer.alloc(1) })
    await closedFor(/1 bytes where 0 may come/, all)
  },
  { onStream: (stream) => stream.receive({ onData: () => {}, onReset: () => {} }) },
)

for (const [what, frames, message] of [
  ['a SYN with an id of the victim', [[flag.syn, -1]], /SYN for stream \d+, which is not a new id/],
  [
    'a second SYN',
    [
      [flag.syn, 0],
      [flag.syn, 0],
    ],
    /SYN for stream \d+, which is not a new id/,
  ],
  [
    'a SYN with an id long below the last',
    [
      [flag.syn, 5_000],
      [flag.syn, 4],
    ],
    /which is not a new id/,
  ],
  [
    'a SYN for a stream that was reset',
    [
      [flag.syn, 0],
      [flag.rst, 0],
      [flag.syn, 0],
    ],
    /not a new id/,
  ],
  ['RST for a stream that nobody opened', [[flag.rst, 3]], /which nobody opened/],
  ['data for a stream that nobody opened', [[flag.none, 3]], /which nobody opened/],
  ['data for a stream that the victim did not open', [[flag.none, -1]], /which nobody opened/],
  [
    'data after FIN',
    [
      [flag.syn | flag.fin, 0],
      [flag.none, 0],
    ],
    /bytes after FIN/,
  ],
  [
    'a second FIN',
    [
      [flag.syn | flag.fin, 0],
      [flag.fin, 0],
    ],
    /after FIN|second FIN/,
  ],
] as const) {
  abuse(`${what} closes the session`, async (all) => {
    all.peer.send(
      ...frames.map(([flags, index]) => ({
        flags,
        streamId: index < 0 ? all.peerId(0) + 1 : all.peerId(index),
        payload: Buffer.from(flags === flag.none ? 'x' : ''),
      })),
    )
    await closedFor(message, all)
  })
}

abuse('RST and data for a stream that is over are nothing', async ({ victim, peer, peerId }) => {
  const streamId = peerId(0)
  peer.send(
    { flags: flag.syn, streamId },
    { flags: flag.rst, streamId },
    { flags: flag.rst, streamId },
    { flags: flag.fin, streamId, payload: Buffer.from('late') },
    { type: type.windowUpdate, streamId, length: 0xffff_ffff },
  )
  await peer.settled()
  assert.equal(victim.isClosed, false)
  assert.equal(victim.session.streamCount, 0)
})

abuse('a go away with an error closes the session', async ({ victim, peer }) => {
  peer.send({ type: type.goAway, length: 2 })
  assert.equal((await victim.closed()).code, 'SP_PROTOCOL')
})

abuse('garbage closes the session', async (all) => {
  all.peer.sendBytes(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'))
  await closedFor(/frame version 71/, all)
})
