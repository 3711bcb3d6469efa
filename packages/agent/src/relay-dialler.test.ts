import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Socket, createServer } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import {
  type JoinString,
  type SallyportError,
  computePin,
  generateAgentKey,
} from '@sallyport/protocol'
import type { WebSocket } from 'ws'
import { deadline } from '../../../test/support/deadline.ts'
import { startStandInRelay } from '../../../test/support/stand-in-relay.ts'
import { type RelayDial, dialRelay } from './relay-dialler.ts'

interface Connected {
  readonly ws: WebSocket
  readonly socket: TLSSocket
}

async function dial(join: JoinString): Promise<Connected | SallyportError> {
  const outcome = new Promise<Connected | SallyportError>((resolve) => {
    dialRelay(join, { connected: (ws, socket) => resolve({ ws, socket }), failed: resolve })
  })
  return await deadline(outcome, 5_000, 'outcome of the dial')
}

async function refusalOf(join: JoinString): Promise<SallyportError> {
  const outcome = await dial(join)
  assert.ok(outcome instanceof Error, 'the dial went through')
  return outcome
}

test('relay dialler: proves the key over this connection and opens a session', async () => {
  await using relay = await startStandInRelay()
  const outcome = await dial(relay.join)
  assert.ok(!(outcome instanceof Error))
  assert.equal(outcome.socket.getProtocol(), 'TLSv1.3')
  assert.equal(outcome.socket.alpnProtocol, 'sallyport/1')
  assert.equal(outcome.ws.protocol, 'sallyport.v1')
  assert.equal(outcome.ws.extensions, '')
  await relay.session(0)
  outcome.ws.terminate()
})

test('relay dialler: a wrong pin is SP_PIN_MISMATCH, and not one byte was sent', async () => {
  let received = 0
  const isHeard = Promise.withResolvers<void>()
  await using relay = await startStandInRelay({
    onSecure: (socket) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length
        isHeard.resolve()
      })
    },
  })
  const pin = computePin(Buffer.from('another key'))
  const error = await refusalOf({ ...relay.join, pin })
  assert.equal(error.code, 'SP_PIN_MISMATCH')
  await relay.ended(1)
  assert.equal(received, 0)

  // The same stand-in does hear what an agent sends when the pin is right.
  const dialling = dialRelay(relay.join, { connected: () => {}, failed: () => {} })
  await deadline(isHeard.promise, 5_000, 'request')
  dialling.cancel()
  assert.ok(received > 100)
})

test('relay dialler: under webpki a self-signed relay is SP_PIN_MISMATCH', async () => {
  await using relay = await startStandInRelay()
  const error = await refusalOf({ ...relay.join, pin: { kind: 'webpki' } })
  assert.equal(error.code, 'SP_PIN_MISMATCH')
  assert.match(error.message, /no valid certificate/)
})

test('relay dialler: an unknown key is SP_KEY_REFUSED', async () => {
  await using relay = await startStandInRelay()
  const error = await refusalOf({ ...relay.join, key: generateAgentKey() })
  assert.equal(error.code, 'SP_KEY_REFUSED')
  assert.equal(error.retry, false)
})

const answers: readonly (readonly [what: string, bytes: string])[] = [
  ['HTTP 426', 'HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n'],
  ['HTTP 200', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'],
  ['HTTP 503', 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'],
  ['a redirect', 'HTTP/1.1 302 Found\r\nlocation: https://example.test/\r\n\r\n'],
  ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a wrong accept key', 'HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'],
  ['nothing and the end', ''],
]
for (const [what, bytes] of answers) {
  test(`relay dialler: ${what} in answer to the upgrade is worth another try`, async () => {
    await using relay = await startStandInRelay({ onUpgrade: (_, socket) => socket.end(bytes) })
    const error = await refusalOf(relay.join)
    assert.equal(error.code, 'SP_UNREACHABLE')
    assert.equal(error.retry, true)
    assert.ok(!error.message.includes('\n'))
  })
}

test('relay dialler: HTTP 403 is a refusal', async () => {
  await using relay = await startStandInRelay({
    onUpgrade: (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'),
  })
  assert.equal((await refusalOf(relay.join)).code, 'SP_NOT_PERMITTED')
})

test('relay dialler: a TLS listener that takes no agents is worth another try', async () => {
  await using relay = await startStandInRelay({ tls: { ALPNProtocols: ['h2', 'http/1.1'] } })
  const error = await refusalOf(relay.join)
  assert.equal(error.code, 'SP_UNREACHABLE')
  assert.match(error.message, /takes no agents/)
  await using without = await startStandInRelay({ tls: { ALPNProtocols: [] } })
  assert.match((await refusalOf(without.join)).message, /takes no agents/)
})

test('relay dialler: TLS 1.2 is not taken', async () => {
  await using relay = await startStandInRelay({ tls: { maxVersion: 'TLSv1.2' } })
  const error = await refusalOf(relay.join)
  assert.equal(error.code, 'SP_UNREACHABLE')
  assert.match(error.message, /TLS 1\.3/)
})

test('relay dialler: a listener that speaks no TLS, and none at all, are worth another try', async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.end('220 mail.test ESMTP\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  await using relay = await startStandInRelay()
  const join = { ...relay.join, port: address.port }
  const wrong = await refusalOf(join)
  assert.equal(wrong.code, 'SP_UNREACHABLE')
  assert.match(wrong.message, /does not speak TLS/)
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')

  const absent = await refusalOf(join)
  assert.equal(absent.code, 'SP_UNREACHABLE')
  assert.match(absent.message, /^relay 127\.0\.0\.1:\d+: nothing listens there \(ECONNREFUSED\)$/)
})

test('relay dialler: cancel leaves no socket and no callback, whenever it comes', async () => {
  const isSecure = Promise.withResolvers<void>()
  const isUpgrading = Promise.withResolvers<void>()
  for (const moment of [undefined, isSecure.promise, isUpgrading.promise]) {
    const ended = Promise.withResolvers<void>()
    await using relay = await startStandInRelay({
      onUpgrade: () => isUpgrading.resolve(),
      tls: {
        ALPNCallback: () => {
          isSecure.resolve()
          return 'sallyport/1'
        },
        ALPNProtocols: undefined,
      },
    })
    let outcomes = 0
    const dialling: RelayDial = dialRelay(relay.join, {
      connected: () => outcomes++,
      failed: () => outcomes++,
    })
    if (moment) await deadline(moment, 5_000, 'moment to cancel')
    dialling.cancel()
    setImmediate(ended.resolve)
    await ended.promise
    assert.equal(outcomes, 0)
  }
})
