// A visitor's socket spliced to a stream over what the programs use, WebSocket on TLS: the memory of
// received records is given back early there, so bytes and memory are looked at together.
import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { adoptAccepted, splice, systemClock } from '@sallyport/mux'
import { deadline } from '../support/deadline.ts'
import { usedMiB } from '../support/memory.ts'
import { joinSessions, transportKinds } from '../support/mux-transports.ts'
import { OffsetChecker } from '../support/offset-checker.ts'
import { OffsetStream } from '../support/offset-stream.ts'
import { openStream } from '../support/session-pair.ts'
import { tcpPair } from '../support/sockets.ts'
import { writeOffsets } from '../support/stream-writer.ts'

for (const kind of transportKinds.filter(({ name }) => name.startsWith('WebSocket'))) {
  test(`splice: a visitor that reads slowly for long gets every byte, and holds little (${kind.name})`, async () => {
    await using sessions = await joinSessions(kind)
    await using front = await tcpPair()
    const { opener, taker } = await openStream(sessions.relay, sessions.agent)
    splice(adoptAccepted(front.accepted), opener.stream, { clock: systemClock })
    const visitor = front.dialled
    const bytes = 40_000_000
    const checker = new OffsetChecker(new OffsetStream(1), bytes)
    const before = usedMiB()
    let most = 0
    visitor.pause()
    const written = writeOffsets(taker, 1, bytes, { chunkBytes: 65_456 }).then(() => {
      taker.stream.end()
    })
    // It reads only while the relay's socket has more to give: so that never runs empty.
    let nextLook = 0
    const reading = (async () => {
      for (;;) {
        while (sessions.relay.session.heldBytes < 100_000 && !taker.stream.isClosed) {
          if (visitor.readableEnded || taker.stream.bytesSent === bytes) break
          await nextTurn()
        }
        const chunk = visitor.read() as Buffer | null
        if (chunk === null) {
          if (visitor.readableEnded) return
          await nextTurn()
          continue
        }
        checker.push(chunk)
        if (checker.received < nextLook) continue
        nextLook = checker.received + 5_000_000
        most = Math.max(most, usedMiB() - before)
      }
    })()
    await deadline(Promise.all([written, reading]), 60_000, 'end of the reply')
    checker.assertIntact()
    assert.ok(most < 24, `${most.toFixed(1)} MiB more than before`)
  })
}
