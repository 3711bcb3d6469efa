// What a WebSocket transport takes itself, what it leaves to `ws`, and what it refuses.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Changes } from '../../../test/support/changes.ts'
import { until } from '../../../test/support/deadline.ts'
import { OffsetChecker } from '../../../test/support/offset-checker.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import {
  type RawWebSocket,
  encodeWebSocketFrame,
  opcode,
} from '../../../test/support/raw-web-socket.ts'
import { clientKey, rawPair } from '../../../test/support/web-socket-pair.ts'
import { createWebSocketTransport } from './websocket-transport.ts'

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
    // Some are masked with a key; all come in two writes, of which some cut the header.
    const messages = 100
    for (let at = 0; at < messages; at++) {
      const payload = oracle.bytes(at * 2_000, 2_000)
      const key = masking === 'none' ? Buffer.from([at % 2, 0, 0, at % 3]) : undefined
      const frame = encodeWebSocketFrame(opcode.binary, payload, key)
      const cutAt = at % 3 === 0 ? 3 : 1_000
      raw.socket.write(frame.subarray(0, cutAt))
      if (at % 5 === 0) await nextTurn()
      raw.socket.write(frame.subarray(cutAt))
      if (at % 7 === 0) raw.send(opcode.ping, payload.subarray(0, 50), key)
    }
    await changes.until('all bytes', () => checker.received === 200_000)
    checker.assertIntact()
    assert.ok(byWs > 0 && byWs < messages, `${byWs} messages came by way of ws`)
    raw.socket.destroy()
  })
}

test('websocket transport: the rest of a message that our close cut off does not reach ws', async () => {
  const { ws, socket, raw } = await rawPair('none', () => {})
  const ended = new EventEmitter()
  const changes = new Changes()
  let received = 0
  const transport = createWebSocketTransport(ws, socket, { masking: 'none' })
  transport.start({
    onBytes: (_bytes, start, end) => {
      received += end - start
      changes.tell()
    },
    onEnd: (end) => ended.emit('end', end),
  })
  const end = until(ended, 'end')
  // What is left of it would be a text frame, which ws may not get.
  const frame = encodeWebSocketFrame(opcode.binary, Buffer.alloc(40_000, 0x81), Buffer.alloc(4))
  raw.socket.write(frame.subarray(0, 20_000))
  await changes.until('the first part', () => received === 20_000 - 8)
  transport.close(4002, 'draining')
  await raw.until('close frame', () => raw.count(opcode.close) === 1)
  raw.socket.write(frame.subarray(20_000))
  raw.send(opcode.close, raw.control.at(-1)?.payload, clientKey)
  assert.deepEqual(await end, [{ code: 4002, reason: 'draining' }])
})

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
