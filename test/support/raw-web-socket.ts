// A WebSocket peer without a library: it does the handshake by hand and cuts what comes into frames
// by the letter of RFC 6455 §5.2, so that a frame inside another's payload, a length that is not the
// shortest, or a frame after the close frame is seen as what it is.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { Changes } from './changes.ts'

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface WebSocketFrame {
  readonly isFinal: boolean
  readonly opcode: number
  /** Absent = not masked. */
  readonly key?: Buffer
  /** Without the mask. */
  readonly payload: Buffer
}

/** RFC 6455 §1.3. */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const requestKey = Buffer.alloc(16, 7).toString('base64')

/** The upgrade request of a client. */
export const upgradeRequest = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${requestKey}`,
  '\r\n',
].join('\r\n')

/** The answer to a client's upgrade request. */
export function upgradeAnswer(request: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1] ?? assert.fail('no key')
  const accept = createHash('sha1')
    .update(key + acceptGuid)
    .digest('base64')
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${accept}`,
    '\r\n',
  ].join('\r\n')
}

/** One frame as bytes; with a key it is masked. */
export function encodeWebSocketFrame(code: number, payload: Buffer, key?: Buffer): Buffer {
  const body = Buffer.from(payload)
  if (key) applyMask(body, key)
  const bytes = payload.length
  const length = bytes < 126 ? bytes : bytes <= 0xffff ? 126 : 127
  const head = Buffer.alloc(length < 126 ? 2 : length === 126 ? 4 : 10)
  head[0] = 0x80 | code
  head[1] = (key ? 0x80 : 0) | length
  if (length === 126) head.writeUInt16BE(bytes, 2)
  if (length === 127) head.writeBigUInt64BE(BigInt(bytes), 2)
  return Buffer.concat([head, key ?? Buffer.alloc(0), body])
}

function applyMask(bytes: Buffer, key: Buffer): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = bytes.readUInt8(at) ^ key.readUInt8(at % 4)
}

/** Cuts a byte stream into frames; throws where RFC 6455 §5.2 is broken. */
export class WebSocketFrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** Bytes of a frame that is not whole yet. */
  get partialBytes(): number {
    return this.#bytes.length
  }

  push(chunk: Buffer): WebSocketFrame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    const frames: WebSocketFrame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): WebSocketFrame | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const first = bytes.readUInt8(0)
    const second = bytes.readUInt8(1)
    const code = first & 0x0f
    assert.equal(first & 0x70, 0, 'reserved bits are set')
    assert.ok(code <= 2 || (code >= 8 && code <= 10), `unknown opcode ${code}`)
    let length = second & 0x7f
    assert.notEqual(length, 127, 'a length of 8 bytes')
    let at = 2
    if (length === 126) {
      if (bytes.length < 4) return undefined
      length = bytes.readUInt16BE(2)
      assert.ok(length >= 126, `length ${length} in the long form`)
      at = 4
    }
    if (code >= 8) assert.ok(length < 126 && (first & 0x80) !== 0, 'a long or cut control frame')
    const isMasked = (second & 0x80) !== 0
    const end = at + (isMasked ? 4 : 0) + length
    if (bytes.length < end) return undefined
    const payload = Buffer.from(bytes.subarray(end - length, end))
    const key = isMasked ? Buffer.from(bytes.subarray(at, at + 4)) : undefined
    if (key) applyMask(payload, key)
    this.#bytes = bytes.subarray(end)
    return { isFinal: (first & 0x80) !== 0, opcode: code, payload, ...(key && { key }) }
  }
}

/** The raw peer on a socket whose handshake is over. */
export class RawWebSocket {
  readonly socket: Socket
  readonly changes = new Changes()
  readonly #reader = new WebSocketFrameReader()
  /** Control frames, in order. */
  readonly control: WebSocketFrame[] = []
  /** Masking keys of binary frames. */
  readonly keys = new Set<string>()
  binaryFrames = 0
  /** Frames that came after a close frame. */
  framesAfterClose = 0
  hasEnded = false
  error: Error | undefined

  constructor(socket: Socket, onBinary: (payload: Buffer) => void) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of this.#reader.push(chunk)) this.#take(frame, onBinary)
      } catch (error) {
        this.error = error instanceof Error ? error : new Error(String(error))
        socket.destroy()
      }
      this.changes.tell()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.hasEnded = true
      this.changes.tell()
    })
  }

  get partialBytes(): number {
    return this.#reader.partialBytes
  }

  /** Sends a frame; clients mask. */
  send(code: number, payload: Buffer = Buffer.alloc(0), key?: Buffer): void {
    this.socket.write(encodeWebSocketFrame(code, payload, key))
  }

  count(code: number): number {
    return this.control.filter((frame) => frame.opcode === code).length
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    await this.changes.until(what, () => {
      if (this.error) throw this.error
      return holds()
    })
  }

  #take(frame: WebSocketFrame, onBinary: (payload: Buffer) => void): void {
    if (this.count(opcode.close) > 0) this.framesAfterClose++
    if (frame.opcode >= 8) this.control.push(frame)
    else {
      assert.ok(frame.isFinal && frame.opcode === opcode.binary, 'a message in pieces')
      this.binaryFrames++
      this.keys.add(frame.key?.toString('hex') ?? 'none')
      onBinary(frame.payload)
    }
  }
}
