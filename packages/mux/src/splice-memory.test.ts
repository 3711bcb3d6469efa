import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { deadline } from '../../../test/support/deadline.ts'
import { usedMiB } from '../../../test/support/memory.ts'
import { OffsetChecker } from '../../../test/support/offset-checker.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { splicedTunnel } from '../../../test/support/spliced-tunnel.ts'

test('splice: bytes that wait for a slow origin, one by one, cost little more than their size', async () => {
  await using joined = await splicedTunnel()
  const { visitor, origin, agent, relay, stream } = joined
  origin.pause()
  // What the kernel takes for an origin that reads nothing, and a little more.
  const source = new OffsetStream(1)
  let sent = 0
  const send = async (bytes: number) => {
    visitor.write(source.bytes(sent, bytes))
    sent += bytes
    while (stream.agent.bytesReceived < sent) await nextTurn()
  }
  while (agent.session.heldBytes === 0) {
    await send(60_000)
    for (let turn = 0; turn < 20; turn++) await nextTurn()
  }
  // From here on a byte at a time, each in a message of its own.
  const before = usedMiB()
  for (let count = 0; count < 30_000; count++) await send(1)
  const grown = usedMiB() - before
  assert.ok(grown < 2, `${grown.toFixed(1)} MiB for 30,000 bytes`)
  assert.equal(relay.isClosed || agent.isClosed, false)
  const checker = new OffsetChecker(new OffsetStream(1), sent)
  visitor.end()
  assert.equal((await deadline(checker.drain(origin), 10_000, 'end')).kind, 'intact')
})
