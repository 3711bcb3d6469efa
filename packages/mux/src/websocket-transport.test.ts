import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { GoAway } from '@sallyport/protocol'
import { WebSocket } from 'ws'
import { until } from '../../../test/support/deadline.ts'
import { naiveDecode } from '../../../test/support/naive-frame.ts'
import { OffsetChecker } from '../../../test/support/offset-checker.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { WebSocketFrameReader, opcode } from '../../../test/support/raw-web-socket.ts'
import { clientKey, rawPair } from '../../../test/support/web-socket-pair.ts'
import { Outbox } from './outbox.ts'
import type { Transport, TransportEnd } from './transport.ts'
import { type Masking, createWebSocketTransport } from './websocket-transport.ts'

const maskings: readonly Masking[] = ['none', 'zero', 'random']

/** A transport of which only `sealMessage` is used. */
function sealer(masking: Masking): Transport {
  const ws = new EventEmitter() as unknown as WebSocket
  return createWebSocketTransport(ws, new Socket(), { masking })
}

test('websocket transport: every payload from 0 to 65,528 bytes gets the shortest header', () => {
  const payload = new OffsetStream(1).bytes(0, 65_528)
  const slab = Buffer.alloc(65_600)
  for (const masking of maskings) {
    const transport = sealer(masking)
    const keyBytes = masking === 'none' ? 0 : 4
    for (let bytes = 0; bytes <= payload.length; bytes += bytes < 300 || bytes > 65_500 ? 1 : 433) {
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

const bytes = 6_000_000

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
