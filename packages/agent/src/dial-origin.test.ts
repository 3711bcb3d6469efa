import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, type NetConnectOpts, type Socket, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SallyportError, Target } from '@sallyport/protocol'
import { type OriginDial, dialOrigin } from './dial-origin.ts'
import { startDeafOrigin } from '../../../test/support/deaf-origin.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'

interface Listener extends AsyncDisposable {
  readonly port: number
  readonly accepted: Socket[]
}

async function listen(
  where: { host: string; port?: number } | { path: string },
): Promise<Listener> {
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
  })
  server.listen('path' in where ? where : { port: 0, ...where })
  await once(server, 'listening')
  const address = server.address() as AddressInfo | string | null
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of accepted) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A port of 127.0.0.1 on which nothing listens. */
async function freePort(): Promise<number> {
  await using listener = await listen({ host: '127.0.0.1' })
  return listener.port
}

/** Dials with real sockets under a fake clock, and keeps every socket that was made. */
function dial(address: Target) {
  const clock = new FakeClock()
  const sockets: { socket: Socket; options: NetConnectOpts }[] = []
  let handle: OriginDial | undefined
  const result = new Promise<Socket | SallyportError>((resolve) => {
    handle = dialOrigin(
      address,
      {
        clock,
        dialSocket: (options) => {
          const end = { socket: connect(options), options }
          sockets.push(end)
          return end
        },
      },
      { connected: (end) => resolve(end.socket), failed: resolve },
    )
  })
  const refusal = async (): Promise<SallyportError> => {
    const end = await result
    assert.ok(end instanceof Error, 'the dial went through')
    return end
  }
  const socket = async (): Promise<Socket> => {
    const end = await result
    if (end instanceof Error) throw end
    return end
  }
  /** Every socket but the given one is destroyed, and no timer is left. */
  const assertNothingLeft = (kept?: Socket): void => {
    assert.equal(clock.pendingTimers, 0)
    for (const made of sockets) assert.equal(made.socket.destroyed, made.socket !== kept)
  }
  const dialled = (): unknown[] =>
    sockets.map(({ options }) => ('host' in options ? options.host : 'unix'))
  /** Waits until the nth socket is gone. */
  const closed = (nth: number): Promise<void> =>
    new Promise((resolve) => sockets[nth]?.socket.once('close', () => resolve()))
  return {
    clock,
    socket,
    refusal,
    dialled,
    closed,
    assertNothingLeft,
    cancel: () => handle?.cancel(),
  }
}

const localhost = (port: number): Target => ({ kind: 'tcp', host: 'localhost', port })

test('dial origin: localhost reaches an origin that listens on 127.0.0.1 only', async () => {
  await using origin = await listen({ host: '127.0.0.1' })
  const dialling = dial(localhost(origin.port))
  const socket = await dialling.socket()
  assert.equal(socket.remoteAddress, '127.0.0.1')
  dialling.assertNothingLeft(socket)
  socket.destroy()
})

test('dial origin: localhost reaches an origin that listens on ::1 only', async () => {
  await using origin = await listen({ host: '::1' })
  const dialling = dial(localhost(origin.port))
  const socket = await dialling.socket()
  assert.equal(socket.remoteAddress, '::1')
  assert.deepEqual(dialling.dialled(), ['127.0.0.1', '::1'])
  dialling.assertNothingLeft(socket)
  socket.destroy()
})

test('dial origin: an origin on both addresses of localhost gets one connection', async () => {
  await using origin = await listen({ host: '::' })
  const dialling = dial(localhost(origin.port))
  const socket = await dialling.socket()
  assert.deepEqual(dialling.dialled(), ['127.0.0.1'])
  dialling.assertNothingLeft(socket)
  socket.destroy()
})

test('dial origin: when nothing listens on localhost both addresses refuse at once', async () => {
  const dialling = dial(localhost(await freePort()))
  const error = await dialling.refusal()
  assert.equal(error.code, 'SP_ORIGIN_REFUSED')
  assert.match(error.message, /^origin localhost:\d+ refused .*127\.0\.0\.1: ECONNREFUSED, ::1: EC/)
  dialling.assertNothingLeft()
})

test('dial origin: a literal address is the only one that is dialled', async () => {
  const port = await freePort()
  const dialling = dial({ kind: 'tcp', host: '127.0.0.1', port })
  assert.equal((await dialling.refusal()).code, 'SP_ORIGIN_REFUSED')
  assert.deepEqual(dialling.dialled(), ['127.0.0.1'])
})

test('dial origin: reaches a unix socket, and a missing one refuses at once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-dial-'))
  const path = join(directory, 'origin.sock')
  {
    await using _origin = await listen({ path })
    const dialling = dial({ kind: 'unix', path })
    const socket = await dialling.socket()
    dialling.assertNothingLeft(socket)
    socket.destroy()
  }
  const missing = dial({ kind: 'unix', path })
  assert.match((await missing.refusal()).message, /unix:.* refused the connection \(ENOENT\)/)
  await rm(directory, { recursive: true })
})

test('dial origin: a silent 127.0.0.1 loses against ::1 after its head start', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  await using origin = await listen({ host: '::1', port: deaf.port })
  const dialling = dial(localhost(origin.port))
  dialling.clock.advance(9)
  assert.deepEqual(dialling.dialled(), ['127.0.0.1'])
  dialling.clock.advance(1)
  const socket = await dialling.socket()
  assert.equal(socket.remoteAddress, '::1')
  dialling.assertNothingLeft(socket)
  socket.destroy()
})

test('dial origin: a full backlog is dialled anew every 5 s until it answers', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  const dialling = dial({ kind: 'tcp', host: '127.0.0.1', port: deaf.port })
  dialling.clock.advance(4_999)
  assert.equal(dialling.dialled().length, 1)
  dialling.clock.advance(1)
  assert.equal(dialling.dialled().length, 2)
  await deaf.wake()
  dialling.clock.advance(5_000)
  const socket = await dialling.socket()
  dialling.assertNothingLeft(socket)
  socket.destroy()
})

test('dial origin: a unix socket with a full backlog is asked again until it answers', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-dial-'))
  const path = join(directory, 'origin.sock')
  await using deaf = await startDeafOrigin({ path })
  const dialling = dial({ kind: 'unix', path })
  await dialling.closed(0)
  assert.equal(dialling.dialled().length, 1)
  await deaf.wake()
  dialling.clock.advance(100)
  const socket = await dialling.socket()
  assert.equal(dialling.dialled().length, 2)
  dialling.assertNothingLeft(socket)
  socket.destroy()
  await rm(directory, { recursive: true })
})

test('dial origin: one refusal beside a silence is not final', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  const dialling = dial(localhost(deaf.port))
  dialling.clock.advance(10)
  await dialling.closed(1)
  dialling.clock.advance(4_990)
  assert.deepEqual(dialling.dialled(), ['127.0.0.1', '::1', '127.0.0.1'])
  dialling.cancel()
})

test('dial origin: cancel leaves no socket, no timer and no callback', async () => {
  await using deaf = await startDeafOrigin({ host: '127.0.0.1', port: 0 })
  const dialling = dial(localhost(deaf.port))
  dialling.cancel()
  dialling.assertNothingLeft()
  dialling.clock.advance(60_000)
  assert.equal(dialling.dialled().length, 1)
})
