import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, Socket, connect, createServer as createTcpServer } from 'node:net'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { GoAway } from '@sallyport/protocol'
import { WebSocket, WebSocketServer } from 'ws'
import { Changes } from '../../../test/support/changes.ts'
import { until } from '../../../test/support/deadline.ts'
import { naiveDecode } from '../../../test/support/naive-frame.ts'
import { OffsetChecker } from '../../../test/support/offset-checker.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import {
  RawWebSocket,
  WebSocketFrameReader,
  encodeWebSocketFrame,
  opcode,
  upgradeAnswer,
  upgradeRequest,
} from '../../../test/support/raw-web-socket.ts'
import { Outbox } from './outbox.ts'
import type { Transport, TransportEnd } from './transport.ts'
import { type Masking, createWebSocketTransport, webSocketOptions } from './websocket-transport.ts'

const maskings: readonly Masking[] = ['none', 'zero', 'random']

/** A transport of which only `sealMessage` is used. */
function sealer(masking: Masking): Transport {
  const ws = new EventEmitter() as unknown as WebSocket
  return createWebSocketTransport(ws, new Socket(), { masking })
}

test('websocket transport: every payload from 0 to 16,376 bytes gets the shortest header', () => {
  const payload = new OffsetStream(1).bytes(0, 16_376)
  const slab = Buffer.alloc(16_400)
  for (const masking of maskings) {
    const transport = sealer(masking)
    const keyBytes = masking === 'none' ? 0 : 4
    for (let bytes = 0; bytes <= payload.length; bytes += bytes < 300 || bytes > 16_300 ? 1 : 61) {
      slab.fill(0xee)
      const start = 5
      payload.copy(slab, start + transport.messageHeaderBytes, 0, bytes)
      const end = transport.sealMessage(slab, start, start + transport.messageHeaderBytes + bytes)
      assert.equal(end - start, (bytes < 126 ? 2 : 4) + keyBytes + bytes)
      const reader = new WebSocketFrameReader()
      const [frame, ...others] = reader.push(slab.subarray(start, end))
      assert.ok(frame && others.length === 0 && reader.partialBytes === 0)
      assert.ok(frame.isFinal && frame.opcode === opcode.binary)
      assert.ok(frame.payload.equals(payload.subarray(0, bytes)), `${bytes} bytes, ${masking}`)
      assert.equal(frame.key !== undefined, masking !== 'none')
      if (masking === 'zero') assert.equal(frame.key?.readUInt32BE(), 0)
      assert.ok(slab.subarray(0, start).every((byte) => byte === 0xee))
    }
  }
})

/** Our end of a WebSocket and the raw one at the other; `masking` decides who dialled. */
async function rawPair(masking: Masking, onBinary: (payload: Buffer) => void) {
  if (masking === 'none') {
    const http = createServer()
    const server = new WebSocketServer({ server: http, ...webSocketOptions })
    http.listen(0, '127.0.0.1')
    await until(http, 'listening')
    const accepted = until(server, 'connection')
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
    socket.write(upgradeRequest)
    const [head] = (await until(socket, 'data')) as [Buffer]
    assert.match(head.toString(), /^HTTP\/1.1 101 /)
    const [ws, request] = (await accepted) as [WebSocket, { socket: Socket }]
    http.close()
    return { ws, socket: request.socket, raw: new RawWebSocket(socket, onBinary) }
  }
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await until(server, 'listening')
  const accepted = until(server, 'connection')
  const port = (server.address() as AddressInfo).port
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, webSocketOptions)
  let socket: Socket | undefined
  ws.on('upgrade', (response) => {
    socket = response.socket
  })
  const [peer] = (await accepted) as [Socket]
  server.close()
  const [request] = (await until(peer, 'data')) as [Buffer]
  peer.write(upgradeAnswer(request.toString()))
  const raw = new RawWebSocket(peer, onBinary)
  await until(ws, 'open')
  return { ws, socket: socket ?? assert.fail('no socket'), raw }
}

const bytes = 6_000_000
const clientKey = Buffer.from([9, 8, 7, 6])

/** A load of whole frames through an outbox; `each` runs before every turn of 64 KiB. */
async function load(transport: Transport, each: (at: number) => void) {
  const oracle = new OffsetStream(3)
  let wake = () => {}
  const outbox = new Outbox(transport, () => wake())
  for (let at = 0; at < bytes; at += 60_000) {
    each(at)
    const chunk = oracle.bytes(at, Math.min(60_000, bytes - at))
    outbox.writeData(0, 1, chunk, 0, chunk.length)
    outbox.flush()
    await nextTurn()
    // Several writes wait in the socket at once, as they do behind a slow path.
    while (outbox.queuedBytes > 400_000) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

for (const masking of maskings) {
  test(`websocket transport: pings, pongs and a close never fall inside a message (${masking})`, async () => {
    const checker = new OffsetChecker(new OffsetStream(3), bytes)
    const { ws, socket, raw } = await rawPair(masking, (payload) => {
      const { frames, rest } = naiveDecode(payload)
      assert.equal(rest, 0)
      for (const frame of frames) checker.push(frame.payload)
    })
    const transport = createWebSocketTransport(ws, socket, { masking })
    const ended = new EventEmitter()
    transport.start({ onBytes: () => assert.fail('bytes'), onEnd: (end) => ended.emit('end', end) })
    const end = until(ended, 'end')
    const key = masking === 'none' ? clientKey : undefined
    let pings = 0
    let peersPings = 0
    await load(transport, (at) => {
      pings++
      ws.ping(Buffer.alloc(pings % 126, pings))
      // `ws` ends a peer that leaves 60 pongs unread.
      if (peersPings - raw.count(opcode.pong) < 50) {
        peersPings++
        raw.send(opcode.ping, Buffer.from(`${at}`), key)
      }
      if (pings % 7 === 0) {
        raw.socket.pause()
        setImmediate(() => raw.socket.resume())
      }
    })
    await raw.until('all pongs', () => raw.count(opcode.pong) === peersPings)
    transport.close(4002, 'draining')
    await raw.until('close frame', () => raw.count(opcode.close) === 1)
    checker.assertIntact()
    assert.equal(raw.count(opcode.ping), pings)
    assert.equal(raw.control.at(-1)?.payload.readUInt16BE(), 4002)
    raw.send(opcode.close, raw.control.at(-1)?.payload, key)
    await raw.until('end', () => raw.hasEnded)
    assert.equal(raw.framesAfterClose, 0)
    assert.equal(raw.partialBytes, 0)
    assert.deepEqual(await end, [{ code: 4002, reason: 'draining' }])
    if (masking === 'zero') assert.deepEqual([...raw.keys], ['00000000'])
    if (masking === 'none') assert.deepEqual([...raw.keys], ['none'])
    if (masking === 'random') assert.ok(raw.keys.size > raw.binaryFrames / 2)
  })

  test(`websocket transport: after the peer's close frame no message follows ours (${masking})`, async () => {
    const { ws, socket, raw } = await rawPair(masking, () => {})
    const transport = createWebSocketTransport(ws, socket, { masking })
    const ended = new EventEmitter()
    transport.start({ onBytes: () => {}, onEnd: (end) => ended.emit('end', end) })
    const key = masking === 'none' ? clientKey : undefined
    const outbox = new Outbox(transport, () => {})
    const end = until(ended, 'end')
    // The close frame has to wait behind so much that it leaves long after it was written.
    raw.socket.pause()
    const write = (bytes: number) => {
      outbox.writeData(0, 1, Buffer.alloc(bytes), 0, bytes)
      outbox.flush()
    }
    while (socket.writableLength < 1_000_000) {
      write(60_000)
      await nextTurn()
    }
    raw.send(opcode.close, Buffer.from([0x0f, 0xa2]), key)
    while (ws.readyState === WebSocket.OPEN) await nextTurn()
    write(100)
    raw.socket.resume()
    assert.deepEqual(await end, [{ code: 4002, reason: '' }])
    await raw.until('end', () => raw.hasEnded)
    assert.equal(raw.framesAfterClose, 0)
    assert.equal(raw.partialBytes, 0)
  })
}

test('websocket transport: the bytes before a close are taken before it', async () => {
  const seen: string[] = []
  const { ws, socket, raw } = await rawPair('none', (payload) => {
    for (const frame of naiveDecode(payload).frames) seen.push(`${frame.type} ${frame.length}`)
  })
  const transport = createWebSocketTransport(ws, socket, { masking: 'none' })
  transport.start({ onBytes: () => {}, onEnd: () => {} })
  const outbox = new Outbox(transport, () => {})
  outbox.writeControl(3, 0, 0, GoAway.protocolError)
  outbox.flush()
  transport.close(1002, 'SP_PROTOCOL')
  await raw.until('close frame', () => raw.count(opcode.close) === 1)
  assert.deepEqual(seen, ['3 1'])
  raw.socket.destroy()
})

test('websocket transport: a text message is refused with 1003', async () => {
  const { ws, socket, raw } = await rawPair('zero', () => {})
  createWebSocketTransport(ws, socket, { masking: 'zero' }).start({
    onBytes: () => assert.fail('bytes'),
    onEnd: () => {},
  })
  raw.send(opcode.text, Buffer.from('{}'))
  await raw.until('close frame', () => raw.count(opcode.close) === 1)
  assert.equal(raw.control.at(-1)?.payload.readUInt16BE(), 1003)
  raw.socket.destroy()
})

test('websocket transport: a link that breaks is an end without a code', async () => {
  const { ws, socket, raw } = await rawPair('none', () => {})
  const ended = new EventEmitter()
  createWebSocketTransport(ws, socket, { masking: 'none' }).start({
    onBytes: () => {},
    onEnd: (end) => ended.emit('end', end),
  })
  const end = until(ended, 'end')
  raw.socket.resetAndDestroy()
  const [{ code }] = (await end) as [TransportEnd]
  assert.equal(code, undefined)
})

/** The head of a message of 64 KiB and a byte; its payload need not come. */
function tooLong(raw: RawWebSocket): void {
  const head = Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0])
  head.writeBigUInt64BE(65_537n, 2)
  raw.socket.write(Buffer.concat([head, clientKey]))
}

/** A message in five pieces. */
function tooManyPieces(raw: RawWebSocket): void {
  for (const first of [0x02, 0x00, 0x00, 0x00, 0x80]) {
    const piece = Buffer.concat([
      Buffer.from([first, 0x81]),
      clientKey,
      Buffer.from([clientKey[0] ?? 0]),
    ])
    raw.socket.write(piece)
  }
}

for (const [what, send, code] of [
  ['longer than 64 KiB', tooLong, 1009],
  ['in more than four pieces', tooManyPieces, 1008],
] as const) {
  test(`websocket transport: a message ${what} closes the session`, async () => {
    const { ws, socket, raw } = await rawPair('none', () => {})
    const ended = new EventEmitter()
    createWebSocketTransport(ws, socket, { masking: 'none' }).start({
      onBytes: () => assert.fail('bytes'),
      onEnd: (end) => ended.emit('end', end),
    })
    const end = until(ended, 'end')
    send(raw)
    await raw.until('close frame', () => raw.count(opcode.close) === 1)
    assert.equal(raw.control.at(-1)?.payload.readUInt16BE(), code)
    raw.socket.destroy()
    await end
  })
}

for (const masking of ['none', 'zero'] as const) {
  test(`websocket transport: messages that are cut, between whole ones, keep their order (${masking})`, async () => {
    const oracle = new OffsetStream(4)
    const checker = new OffsetChecker(oracle, 200_000)
    const changes = new Changes()
    const { ws, socket, raw } = await rawPair(masking, () => {})
    let byWs = 0
    ws.on('message', () => byWs++)
    createWebSocketTransport(ws, socket, { masking }).start({
      onBytes: (data, start, end) => {
        checker.push(data.subarray(start, end))
        data.fill(0xbb, start, end)
        changes.tell()
      },
      onEnd: () => {},
    })
    // Every second one is masked with a key, or comes in two writes.
    const messages = 100
    for (let at = 0; at < messages; at++) {
      const payload = oracle.bytes(at * 2_000, 2_000)
      const key = masking === 'none' ? Buffer.from([at % 2, 0, 0, at % 3]) : undefined
      const frame = encodeWebSocketFrame(opcode.binary, payload, key)
      raw.socket.write(frame.subarray(0, 1_000))
      if (at % 5 === 0) await nextTurn()
      raw.socket.write(frame.subarray(1_000))
      if (at % 7 === 0) raw.send(opcode.ping, payload.subarray(0, 50), key)
    }
    await changes.until('all bytes', () => checker.received === 200_000)
    checker.assertIntact()
    assert.ok(byWs > 0 && byWs < messages, `${byWs} messages came by way of ws`)
    raw.socket.destroy()
  })
}

test('websocket transport: of our own other end nothing but control frames reaches ws', async () => {
  const { ws, socket, raw } = await rawPair('none', () => {})
  ws.on('message', () => assert.fail('a message by way of ws'))
  const changes = new Changes()
  let received = 0
  createWebSocketTransport(ws, socket, { masking: 'none' }).start({
    onBytes: (_bytes, start, end) => {
      received += end - start
      changes.tell()
    },
    onEnd: () => {},
  })
  const zeroKey = Buffer.alloc(4)
  for (let count = 0; count < 50; count++) {
    raw.send(opcode.binary, Buffer.alloc(count * 3), zeroKey)
    raw.send(opcode.ping, Buffer.from('?'), zeroKey)
    await raw.until('pong', () => raw.count(opcode.pong) === count + 1)
  }
  await changes.until('all bytes', () => received === 3_675)
  raw.socket.destroy()
})
