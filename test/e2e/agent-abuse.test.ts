// An agent that has proved itself and then breaks the protocol loses its session, and nobody else
// notices (docs/protocol.md §4, §5, §11).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameType, headerBytes, writeHeader } from '@sallyport/protocol'
import {
  BareAgent,
  authorizationFor,
  connectBareAgent,
  dialAgentDoor,
  newProcess,
  upgrade,
} from '../support/bare-agent.ts'
import { deadline } from '../support/deadline.ts'
import { type Neighbourhood, startNeighbourhood } from '../support/neighbourhood.ts'

const MiB = 1024 * 1024
const GiB = 1024 * MiB

/** An agent of the same relay that breaks the protocol: by its WebSocket, or below it. */
async function misbehave(
  place: Neighbourhood,
  act: (agent: BareAgent) => void,
): Promise<number | string> {
  await using agent = await connectBareAgent({ ...place.relay, process: newProcess() })
  const before = process.memoryUsage().rss
  act(agent)
  const { closeCode, error } = await deadline(agent.closed, 5_000, 'close by the relay')
  assert.ok(process.memoryUsage().rss - before < 64 * MiB)
  await place.noticedNothing()
  // The mux's own word for it comes first, as a go away frame.
  return closeCode ?? error.message
}

function frame(type: FrameType, flags: number, streamId: number, length: number): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  writeHeader(bytes, 0, type, flags, streamId, length)
  return bytes
}

/** A WebSocket frame of an agent's: binary, masked with zeros. */
function binaryMessage(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

test('session: a mux frame of 1 GiB closes the session at its header', async () => {
  await using place = await startNeighbourhood()
  const code = await misbehave(place, ({ socket }) => {
    socket.write(binaryMessage(frame(FrameType.data, 0, 1, GiB)))
  })
  assert.equal(code, 'the other end went away: reason 1')
})

test('session: a WebSocket message of 1 GiB closes the session at its header', async () => {
  await using place = await startNeighbourhood()
  const code = await misbehave(place, ({ socket }) => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(GiB))
    socket.write(Buffer.concat([Buffer.from([0x82, 0xff]), length, Buffer.alloc(4)]))
  })
  assert.equal(code, 1009)
})

test('session: a control message of 1 GiB closes the session at its length', async () => {
  await using place = await startNeighbourhood()
  const code = await misbehave(place, (agent) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(GiB)
    agent.sendBytes(length)
  })
  assert.equal(code, 4006)
})

test('session: a second stream, a second hello, or JSON of no known form closes the session', async () => {
  await using place = await startNeighbourhood()
  const json = Buffer.from('{"type":"reboot"}')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  const wrongs: readonly ((agent: BareAgent) => void)[] = [
    (agent) => void agent.session.open(Buffer.alloc(0), { onReset: () => {} }),
    (agent) => {
      const process = newProcess()
      agent.send({ type: 'hello', version: 1, software: 'x', process, connection: 0, held: {} })
    },
    (agent) => agent.sendBytes(Buffer.concat([length, json])),
  ]
  for (const wrong of wrongs) assert.equal(await misbehave(place, wrong), 4006)
})

test('session: register before hello closes the session', async () => {
  await using place = await startNeighbourhood()
  const socket = await dialAgentDoor(place.relay.port)
  const ws = await upgrade(socket, authorizationFor(socket, place.relay.key))
  const agent = new BareAgent(socket, ws, () => {})
  agent.send({
    type: 'register',
    channelTimeoutSeconds: 100,
    routes: [{ id: 'r0', url: 'https:' }],
  })
  assert.equal((await deadline(agent.closed, 5_000, 'close')).closeCode, 4006)
  assert.deepEqual((await agent.message('notice')).code, 'SP_PROTOCOL')
  await place.noticedNothing()
})
