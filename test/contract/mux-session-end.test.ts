// How sessions end, on every transport and in both roles: drain, close, loss; and what becomes of the
// streams.
import assert from 'node:assert/strict'
import { SallyportError } from '@sallyport/protocol'
import { onEveryTransport } from '../support/mux-transports.ts'
import { openStream } from '../support/session-pair.ts'
import { writeOffsets } from '../support/stream-writer.ts'

onEveryTransport('after go away running streams finish, and nobody opens another', async (all) => {
  const bytes = all.kind.muchBytes / 4
  const { opener, taker } = await openStream(all.from, all.to)
  taker.expect({ key: 1, bytes })
  opener.expect({ key: 2, bytes })
  all.from.session.goAway()
  all.from.session.goAway()
  assert.throws(() => all.from.open(), { code: 'SP_DRAINING' })
  await Promise.all([writeOffsets(opener, 1, bytes), writeOffsets(taker, 2, bytes)])
  opener.stream.end()
  taker.stream.end()
  await Promise.all([opener.endedIntact(), taker.endedIntact()])
  assert.throws(() => all.to.open(), { code: 'SP_DRAINING' })
  assert.equal(all.from.isClosed || all.to.isClosed, false)
})

onEveryTransport('a stream that crossed a go away on its way is reset', async (all) => {
  all.to.session.goAway()
  const crossed = all.from.open(Buffer.from('too late'))
  assert.equal((await crossed.reset()).code, 'SP_STREAM_RESET')
  assert.equal(all.to.session.streamCount, 0)
  assert.throws(() => all.from.open(), { code: 'SP_DRAINING' })
  assert.equal(all.from.isClosed || all.to.isClosed, false)
})

onEveryTransport(
  'a lost session resets every stream of both ends with one error, once',
  async (all) => {
    const streams = await Promise.all(
      Array.from({ length: 10 }, () => openStream(all.from, all.to)),
    )
    const [first] = streams
    first?.opener.stream.end()
    await first?.taker.ended()
    const lost = [all.agent, all.relay].map((side) => side.closed())
    all.cut()
    const [atAgent, atRelay] = await Promise.all(lost)
    for (const { opener, taker } of streams) {
      const [atOpener, atTaker] = [await opener.reset(), await taker.reset()]
      assert.deepEqual(new Set([atOpener, atTaker]), new Set([atAgent, atRelay]))
      assert.equal(atOpener.code, 'SP_SESSION_LOST')
    }
    for (const side of [all.agent, all.relay]) {
      assert.equal(side.closeCode, undefined)
      assert.equal(side.session.streamCount, 0)
      assert.throws(() => side.open(), { code: 'SP_SESSION_LOST' })
      side.session.goAway()
      side.session.close(4000, 'again', new SallyportError('SP_ABORTED', 'again'))
    }
  },
)

onEveryTransport('close says goodbye after what was written, and why', async (all) => {
  const { opener, taker } = await openStream(all.from, all.to)
  opener.stream.write(Buffer.from('last words'))
  const reason = new SallyportError('SP_REPLACED', 'a newer session')
  all.from.session.close(4001, 'SP_REPLACED', reason)
  assert.equal(await opener.reset(), reason)
  assert.equal(await all.from.closed(), reason)
  assert.equal((await taker.reset()).code, 'SP_SESSION_LOST')
  assert.equal(taker.bytes.toString(), 'last words')
  await all.to.closed()
  const tells = all.kind.name.startsWith('WebSocket') || all.kind.name.startsWith('1 to 8')
  assert.equal(all.to.closeCode, tells ? 4001 : undefined)
})

onEveryTransport(
  'destroy gives the own streams its error, and the peer a lost session',
  async (all) => {
    const { opener, taker } = await openStream(all.from, all.to)
    const error = new SallyportError('SP_DEAD_PEER', 'no answer')
    all.from.session.destroy(error)
    all.from.session.destroy(new SallyportError('SP_ABORTED', 'again'))
    assert.equal(await opener.reset(), error)
    assert.equal(await all.from.closed(), error)
    assert.equal((await taker.reset()).code, 'SP_SESSION_LOST')
    assert.equal((await all.to.closed()).code, 'SP_SESSION_LOST')
  },
)

onEveryTransport('a session measures its round trip by itself', async (all) => {
  const sessions = [all.from.session, all.to.session]
  for (let round = 0; sessions.some(({ rttMs }) => rttMs === undefined); round++) {
    assert.ok(round < 100, 'no round trip after 100 round trips')
    const { opener, taker } = await openStream(all.from, all.to)
    taker.stream.end()
    await opener.ended()
    opener.stream.end()
  }
  for (const { rttMs } of sessions) assert.ok(rttMs !== undefined && rttMs >= 0 && rttMs < 5_000)
})
