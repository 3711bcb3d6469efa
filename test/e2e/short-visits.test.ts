// Many short visits over tcp://, which end in every order: by half-closes, resets and early leaves of
// either side, and with agent or relay ending while they run. One of these two is in this process,
// which stands still now and then, as on a loaded machine, so that what the other said meanwhile comes
// in one turn. Afterwards this process has not a socket and not a timer more than before.
import assert from 'node:assert/strict'
import { type Socket, connect } from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectAgent } from '@sallyport/agent'
import { formatJoinString } from '@sallyport/protocol'
import { Seeded } from '../support/http-differential/seeded.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinOf, publicPort } from '../support/joined-agent.ts'
import { startOrigin } from '../support/origin.ts'
import { runAgent, startTestRelay } from '../support/tunnel.ts'

const visits = 400
const seeded = new Seeded(1)

/** What either side of a visit may do with its socket, from the start on. */
const manners: readonly ((socket: Socket) => void)[] = [
  (socket) => void socket.resume().end('all of it'),
  (socket) => void socket.resume().end(),
  (socket) => void socket.resume().resetAndDestroy(),
  (socket) => void socket.resume().destroy(),
  (socket) => void socket.on('data', () => socket.destroy()).write('x'),
  (socket) => void socket.on('data', () => socket.resetAndDestroy()).write('x'),
  (socket) => void socket.on('data', () => socket.end()).write('x'),
  (socket) => void socket.once('data', () => socket.destroy()),
  (socket) => void socket.resume().on('end', () => socket.end('late')),
  (socket) => void socket.resume().on('end', () => socket.resetAndDestroy()),
  (socket) => void socket.resume().on('end', () => socket.destroy()),
  (socket) => chatter(socket.resume()),
  // It reads nothing, and leaves when the other side has filled all buffers or when all is over.
  (socket) => void socket.pause().write(Buffer.alloc(1_000_000)),
  (socket) => void socket.pause().write(Buffer.alloc(300_000), () => socket.resetAndDestroy()),
  (socket) => {
    socket.resume().write(Buffer.alloc(1_000_000))
    setImmediate(() => socket.destroy())
  },
]

/** Says a word a turn: it meets the other side's end while it talks. */
function chatter(socket: Socket): void {
  if (!socket.writable) return
  socket.write('word')
  setImmediate(chatter, socket)
}

/** Sockets and timers of this process. */
function alive(): string {
  const kinds = process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name))
  return kinds.sort().join(' ')
}

/** This process stands still. */
function stall(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** Visits in clumps, of which some are under way when `end` is called. */
async function visitAll(port: number, behave: (socket: Socket) => void): Promise<void> {
  for (let visit = 0; visit < visits; visit++) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    // Some have left, or said all they have, before they were accepted.
    if (seeded.chance(0.2)) behave(socket)
    else socket.on('error', () => {}).once('connect', () => behave(socket))
    for (let turns = seeded.below(6); turns > 0; turns--) await nextTurn()
    if (seeded.chance(0.1)) stall(5 + seeded.below(20))
  }
}

/** Sockets of visitors and of the origin, which are not what the test is about. */
function player() {
  const sockets = new Set<Socket>()
  return {
    behave(socket: Socket): void {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => sockets.delete(socket))
      seeded.pick(manners)(socket)
    },
    end(): void {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function assertAlive(before: string): Promise<void> {
  const giveUp = performance.now() + 10_000
  while (alive() !== before && performance.now() < giveUp) await nextTurn()
  assert.equal(alive(), before)
}

test('short visits: whatever order they end in, nothing of them stays in the relay', async () => {
  const before = alive()
  {
    const { behave, end } = player()
    await using origin = await startOrigin(behave)
    await using relay = await startInProcessRelay()
    const join = formatJoinString(joinOf(relay)).reveal()
    await using agent = runAgent(join, [String(origin.port), '--url', 'tcp://:0'])
    const { url } = await agent.event('ready', 30_000)
    await visitAll(Number(new URL(String(url)).port), behave)
    agent.signal('SIGKILL')
    end()
  }
  await assertAlive(before)
})

test('short visits: whatever order they end in, nothing of them stays in the agent', async () => {
  const before = alive()
  {
    const { behave, end } = player()
    await using origin = await startOrigin(behave)
    await using relay = await startTestRelay()
    const agent = await connectAgent(origin.port, { join: relay.join, url: 'tcp://:0' })
    await visitAll(publicPort(agent), behave)
    await agent.destroy()
    end()
  }
  await assertAlive(before)
})
