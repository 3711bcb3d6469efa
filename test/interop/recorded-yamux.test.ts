// What hashicorp/yamux v0.1.2 once said, both ends of one conversation (test/interop/go/record.go), so
// that a machine without Go still holds our sessions against it. Where there is Go, what it says today
// is held against the record.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { createMemoryLink } from '../support/memory-link.ts'
import { RawPeer, flag, type } from '../support/raw-peer.ts'
import { repositoryRoot, runCommand } from '../support/run-program.ts'
import { requires } from '../support/requires.ts'
import { SessionSide } from '../support/session-pair.ts'
import { StreamRecorder } from '../support/stream-recorder.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { keystream } from '../support/yamux-peer.ts'
import { yamuxPeerBinary } from '../support/yamux-peer-binary.ts'

const recorded = `${repositoryRoot}/test/interop/recorded`

function bytesOf(name: 'client' | 'server', directory = recorded): Buffer {
  const text = readFileSync(`${directory}/${name}.hex`, 'utf8')
  return Buffer.from(text.replaceAll('\n', ''), 'hex')
}

/** A session on one side, and on the other a hand that plays the record in pieces of that size. */
function against(side: 'agent' | 'relay', pieceBytes: number) {
  const link = createMemoryLink({ nextCut: () => pieceBytes })
  const [ours, theirs] = side === 'relay' ? [link.relay, link.agent] : [link.agent, link.relay]
  const peer = new RawPeer(theirs)
  // The record has answers to its own pings only.
  peer.answersPings = false
  return { session: new SessionSide({ transport: ours, side }), peer }
}

for (const pieceBytes of [1, 7, 12, 1_400, 65_536]) {
  test(`recorded yamux client: its streams say the same to us (pieces of ${pieceBytes})`, async () => {
    const { session, peer } = against('relay', pieceBytes)
    await using _ = session
    const streams: StreamRecorder[] = []
    session.onStream = (stream) => {
      streams.push(new StreamRecorder().take(stream))
    }
    peer.sendBytes(bytesOf('client'))
    await peer.settled()
    const [small, large, request, resets] = streams
    assert.ok(small && large && request && resets)
    assert.equal(streams.length, 4)
    assert.ok(small.bytes.equals(keystream(1, 100)))
    assert.ok(large.bytes.equals(keystream(2, 20_000)))
    assert.equal(request.bytes.toString(), 'request')
    assert.equal(resets.bytes.toString(), 'reset me')
    for (const { events } of [small, large, request]) assert.deepEqual(events, ['end'])
    assert.deepEqual(resets.events, ['end', 'reset SP_STREAM_RESET'])
    const pongs = peer.frames.filter(
      (frame) => frame.type === type.ping && frame.flags === flag.ack,
    )
    assert.deepEqual(
      pongs.map(({ length }) => length),
      [0],
    )
    assert.throws(() => session.open(), { code: 'SP_DRAINING' })
    assert.equal(session.isClosed, false)
    assert.equal(session.session.streamCount, 3)
  })

  test(`recorded yamux server: it answers our streams (pieces of ${pieceBytes})`, async () => {
    const { session, peer } = against('agent', pieceBytes)
    await using _ = session
    const streams = Array.from({ length: 4 }, () => session.open())
    for (const { stream } of streams.slice(0, 3)) stream.end()
    peer.sendBytes(bytesOf('server'))
    await peer.settled()
    const [small, large, answer, last] = streams
    assert.ok(small && large && answer && last)
    assert.ok(small.bytes.equals(keystream(1, 100)))
    assert.ok(large.bytes.equals(keystream(2, 20_000)))
    assert.equal(answer.bytes.toString(), 'answer to request')
    for (const { events } of [small, large, answer]) assert.deepEqual(events, ['accepted', 'end'])
    assert.deepEqual(last.events, ['accepted'])
    assert.equal(session.session.streamCount, 1)
    assert.throws(() => session.open(), { code: 'SP_DRAINING' })
    assert.equal(session.isClosed, false)
  })
}

test('recorded yamux: today hashicorp/yamux says the same', requires('yamux'), async () => {
  await using directory = await temporaryDirectory()
  const program = runCommand(yamuxPeerBinary(), [`-record=${directory.path}`])
  await deadline(program.expectExit(0), 10_000, 'recording')
  for (const name of ['client', 'server'] as const) {
    assert.ok(bytesOf(name, directory.path).equals(bytesOf(name)), name)
  }
})
