// Everything that may end a splice, by twos in every order and in the same turn or soon after: there is
// one report, no socket and no timer stays, and nobody reads a clean end before the last byte.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SallyportError, halfClosedIdleMs } from '@sallyport/protocol'
import { deadline } from '../../../test/support/deadline.ts'
import { splicedTunnel } from '../../../test/support/spliced-tunnel.ts'

type Tunnel = Awaited<ReturnType<typeof splicedTunnel>>

const request = Buffer.alloc(3_000, 'v')
const reply = Buffer.alloc(200_000, 'o')

const ends: Readonly<Record<string, (tunnel: Tunnel) => void>> = {
  'visitor ends': ({ visitor }) => void visitor.end(request),
  'visitor resets': ({ visitor }) => reset(visitor),
  'visitor leaves': ({ visitor }) => void visitor.destroy(),
  'origin ends': ({ origin }) => void origin.end(reply),
  'origin resets': ({ origin }) => reset(origin),
  'relay gives up': ({ stream }) => stream.relay.giveUp(lost()),
  'agent gives up': ({ stream }) => stream.agent.giveUp(lost()),
  'session is lost': ({ link }) => link.relay.cut(),
  'session is closed': ({ relay }) => {
    relay.session.close(1000, 'bye', new SallyportError('SP_DRAINING', 'the relay ends'))
  },
  'time is over': ({ clock }) => clock.advance(halfClosedIdleMs),
}

/** In the turn of its half-close Node would lose the socket. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

function lost(): SallyportError {
  return new SallyportError('SP_STREAM_RESET', 'its memory is needed')
}

/** What a side has read, and whether a clean end followed. */
function reader(socket: Socket) {
  const read = { bytes: 0, hasEnded: false }
  socket.on('data', (chunk: Buffer) => {
    read.bytes += chunk.length
  })
  socket.on('end', () => {
    read.hasEnded = true
  })
  socket.on('error', () => {})
  return read
}

async function run(names: readonly string[], gap: number): Promise<void> {
  await using tunnel = await splicedTunnel()
  const { visitor, origin, clock, relay, agent } = tunnel
  const byVisitor = reader(visitor)
  const byOrigin = reader(origin)
  for (const name of names) {
    ends[name]?.(tunnel)
    for (let turns = 0; turns < gap; turns++) await nextTurn()
  }
  for (let turns = 0; turns < 5; turns++) await nextTurn()
  tunnel.link.relay.cut()
  await tunnel.reported()
  const { visitorEnd, originEnd } = tunnel
  const ours = [visitorEnd.socket, originEnd.socket]
  const closed = (async () => {
    while (!ours.every((socket) => socket.closed)) await nextTurn()
  })()
  await deadline(closed, 5_000, 'close of both sockets')
  assert.equal(clock.pendingTimers, 0)
  assert.equal(relay.session.heldBytes + agent.session.heldBytes, 0)
  assert.notEqual(relay.error?.code, 'SP_INTERNAL')
  assert.notEqual(agent.error?.code, 'SP_INTERNAL')
  if (byVisitor.hasEnded) assert.equal(byVisitor.bytes, reply.length, 'a clean end cut the reply')
  // Who leaves without a word has said nothing.
  if (names.includes('visitor leaves')) return
  if (byOrigin.hasEnded) assert.equal(byOrigin.bytes, request.length, 'a clean end cut the request')
}

for (const first of Object.keys(ends)) {
  test(`splice: ${first}, and then something else ends it too`, async () => {
    for (const second of Object.keys(ends)) {
      for (const gap of [0, 1, 2, 3]) {
        await run([first, second], gap).catch((cause: unknown) => {
          throw new Error(`${first}, ${second}, ${gap} turns between`, { cause })
        })
      }
    }
  })
}
