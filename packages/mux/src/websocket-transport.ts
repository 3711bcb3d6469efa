// Byte path 7/8: mux bytes as binary WebSocket messages (docs/protocol.md §2). `ws` does the
// handshake, and ping, pong and close; binary messages are framed here and written, whole, to the
// socket that was handed to `ws`, so its control frames never fall inside one. Binary messages of one
// frame are read here, too, and everything else by `ws` (docs/adr/0010).
import { randomFillSync } from 'node:crypto'
import type { Socket } from 'node:net'
import { maxMessageBytes, maxMessageFragments } from '@sallyport/protocol'
import type { WebSocket } from 'ws'
import { receiveTurnBytes, recordBufferBytes } from './limits.ts'
import { MessageReader } from './message-reader.ts'
import { readInto } from './static-read.ts'
import type { Transport, TransportHandler } from './transport.ts'

/** Options for both ends of `ws`: no compression (its memory, CRIME), nothing large accepted. */
export const webSocketOptions = {
  perMessageDeflate: false,
  maxPayload: maxMessageBytes,
  maxFragments: maxMessageFragments,
  skipUTF8Validation: true,
} as const

/**
 * `none` for the relay's end. Agents mask (RFC 6455 §5.3) with a key of zeros, because the purpose
 * of masking is to protect plaintext caches and these bytes are inside TLS; `random` does it by the
 * letter, at the price of touching every byte.
 */
export type Masking = 'none' | 'zero' | 'random'

/** Every session's records pass through here, within one synchronous callback. */
const recordBuffer = Buffer.allocUnsafeSlow(recordBufferBytes)

/** FIN and the binary opcode (RFC 6455 §5.2). */
const finBinary = 0x82
const maskBit = 0x80
/** Lengths from 126 on take two further bytes; ours end at one slab, below 64 KiB with its header. */
const shortLengthLimit = 126
const extendedLengthBytes = 2
const maskKeyBytes = 4

/** After a close frame, wait this long for the peer's before the socket is destroyed. */
const closeTimeoutMs = 2_000

/**
 * A transport over `ws`; `socket` is the one that `ws` was given. Takes both over: nobody else may
 * send binary or text messages on them.
 */
export function createWebSocketTransport(
  ws: WebSocket,
  socket: Socket,
  options: { readonly masking: Masking },
): Transport {
  const { masking } = options
  const baseBytes = 2 + (masking === 'none' ? 0 : maskKeyBytes)
  const key = Buffer.alloc(maskKeyBytes)
  /** Of slabs that came too late to be sent. */
  const dropped: (() => void)[] = []
  socket.setNoDelay(true)

  return {
    messageHeaderBytes: baseBytes + extendedLengthBytes,

    start(handler: TransportHandler) {
      // libuv reads up to 32 times before it looks at another socket: 2 MiB that all others of this
      // process would wait for. A turn takes less of one peer.
      let turnBytes = 0
      const nextTurn = (): void => {
        if (turnBytes >= receiveTurnBytes) ws.resume()
        turnBytes = 0
      }
      const onPayload = (bytes: Buffer, from: number, to: number): void => {
        if (turnBytes === 0) setImmediate(nextTurn)
        turnBytes += to - from
        if (turnBytes >= receiveTurnBytes) ws.pause()
        handler.onBytes(bytes, from, to)
      }
      ws.on('message', (data, isBinary) => {
        if (isBinary && Buffer.isBuffer(data)) onPayload(data, 0, data.length)
        else ws.close(1003, 'binary messages only')
      })
      // The other end masks where this one does not.
      readMessages(ws, socket, new MessageReader(masking === 'none', onPayload))
      // `ws` always emits 'close' after 'error'; the code tells what happened.
      let failure = ''
      ws.on('error', (error) => {
        failure = error.message
      })
      ws.once('close', (code, reason) => {
        // 1005 and 1006 are `ws`'s own words for "no code" and "no close frame" (RFC 6455 §7.4.1).
        const isSent = code !== 1005 && code !== 1006
        handler.onEnd({ code: isSent ? code : undefined, reason: reason.toString() || failure })
        for (const taken of dropped) taken()
      })
    },

    sealMessage(slab, start, end) {
      let payload = start + baseBytes + extendedLengthBytes
      const bytes = end - payload
      const isShort = bytes < shortLengthLimit
      if (isShort) {
        // RFC 6455 §5.2: the shortest form of the length is a MUST.
        slab.copyWithin(payload - extendedLengthBytes, payload, end)
        payload -= extendedLengthBytes
      }
      slab[start] = finBinary
      slab[start + 1] = (masking === 'none' ? 0 : maskBit) | (isShort ? bytes : shortLengthLimit)
      if (!isShort) slab.writeUInt16BE(bytes, start + 2)
      if (masking !== 'none') {
        if (masking === 'random') randomFillSync(key)
        key.copy(slab, payload - maskKeyBytes)
        if (masking === 'random') maskInPlace(slab, payload, payload + bytes, key)
      }
      return payload + bytes
    },

    send(sealed, taken) {
      // RFC 6455 §5.5.1: no data after a close frame, and `ws` answers the peer's by itself.
      // Such slabs are given back at the end, because more would follow each that is.
      if (ws.readyState === ws.OPEN) socket.write(sealed, taken)
      else dropped.push(taken)
    },

    close(code, reason) {
      ws.close(code, reason)
      setTimeout(() => ws.terminate(), closeTimeoutMs).unref()
    },

    destroy() {
      ws.terminate()
    },
  }
}

/** Puts the reader in front of `ws`, which gets what is left as the 'data' of its socket. */
function readMessages(ws: WebSocket, socket: Socket, reader: MessageReader): void {
  let isPassedOn = false
  const isStatic = readInto(socket, recordBuffer, (bytes) => {
    for (let at = reader.takeRest(recordBuffer, 0, bytes); at < bytes && !socket.destroyed;) {
      if (ws.readyState === ws.OPEN) at = reader.take(recordBuffer, at, bytes)
      if (at === bytes) break
      const end = reader.follow(recordBuffer, at, bytes)
      isPassedOn = true
      socket.emit('data', Buffer.from(recordBuffer.subarray(at, end)))
      isPassedOn = false
      at = end
    }
    return true
  })
  if (!isStatic) return
  // What came together with the upgrade: Node emits it before it hands out the next record.
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; !isPassedOn && at < chunk.length;) at = reader.follow(chunk, at, chunk.length)
  })
}

function maskInPlace(bytes: Buffer, start: number, end: number, key: Buffer): void {
  for (let at = start; at < end; at++) {
    bytes[at] = bytes.readUInt8(at) ^ key.readUInt8((at - start) % maskKeyBytes)
  }
}
