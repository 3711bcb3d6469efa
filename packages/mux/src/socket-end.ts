// A socket as one end of a splice. Plain sockets are read into ONE static buffer that serves all of
// them (a read is synchronous), so that no chunk allocates anything and an idle visitor costs no
// buffer; bulk goes into slabs (bulk-read.ts). `onread` is documented for sockets that dial; for accepted ones see static-read.ts.
import { type NetConnectOpts, type Socket, connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tcpKeepAliveMs } from '@sallyport/protocol'
import { BulkRead, type SlabLoan } from './bulk-read.ts'
import { readBufferBytes } from './limits.ts'
import { readInto } from './static-read.ts'

/** Every plain socket's bytes pass through here, within one synchronous callback. */
const readBuffer = Buffer.allocUnsafeSlow(readBufferBytes)

/**
 * Takes `buffer[0, bytes)` and keeps nothing of the buffer itself, unless there is a `loan`, which it may
 * take instead of a copy; false pauses the socket until {@link SocketEnd.resume}.
 */
export type SocketReader = (buffer: Buffer, bytes: number, loan?: SlabLoan) => boolean

/** What a socket is made with: who gets what was read, and into what the next read goes. */
interface Reading {
  read(buffer: Buffer, bytes: number): boolean
  nextBuffer(): Buffer
}

/** Who gets what a socket brings. */
export interface SocketHandlers {
  onRead: SocketReader
  /** Its half-close. */
  onSocketEnd(): void
  /** Exactly once. */
  onSocketClose(error: Error | undefined): void
}

export class SocketEnd {
  readonly socket: Socket
  readonly #isTls: boolean
  #handlers: SocketHandlers | undefined
  /** What came before there was a reader. */
  #kept: Buffer | undefined
  #hasEnded = false
  #hasClosed = false
  #error: Error | undefined
  #bulk: BulkRead | undefined
  #wasFull = false

  constructor(
    create: (reading: Reading) => Socket,
    options: { readonly isTls: boolean; readonly early?: Buffer | undefined },
  ) {
    this.#isTls = options.isTls
    this.#kept = options.early
    this.socket = create({
      read: (buffer, bytes) => this.#read(buffer, bytes),
      nextBuffer: () => this.#nextBuffer(),
    })
    this.socket.on('error', (error) => {
      this.#error = error
    })
    this.socket.on('end', () => {
      this.#hasEnded = true
      this.#handlers?.onSocketEnd()
    })
    this.socket.on('close', () => {
      this.#hasClosed = true
      this.#bulk?.release()
      this.#handlers?.onSocketClose(this.#error)
    })
  }

  /** The visitor's or origin's half-close has been read. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /**
   * Sets who gets the bytes, the half-close and the close, in place of those before. What came
   * earlier is delivered at once; reading goes on with {@link resume}.
   */
  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
    const kept = this.#kept
    this.#kept = undefined
    const goesOn = kept === undefined || handlers.onRead(kept, kept.length)
    if (this.#hasEnded) handlers.onSocketEnd()
    if (this.#hasClosed) queueMicrotask(() => handlers.onSocketClose(this.#error))
    else if (goesOn) this.resume()
  }

  /** Reads on after the reader said false. */
  resume(): void {
    this.socket.resume()
  }

  /**
   * Ends so that the other side cannot take it for a normal end: RST on TCP, no close_notify on
   * TLS (docs/protocol.md §8).
   */
  abort(): void {
    const { socket } = this
    if (this.#isTls || socket.connecting || socket.remoteFamily === undefined) socket.destroy()
    else if (isShuttingDown(socket)) socket.once('finish', () => socket.resetAndDestroy())
    else socket.resetAndDestroy()
  }

  #read(buffer: Buffer, bytes: number): boolean {
    this.#wasFull = bytes === buffer.length
    if (this.#wasFull) this.#bulk ??= new BulkRead()
    const loan = this.#wasFull || buffer !== readBuffer ? this.#bulk : undefined
    if (this.#handlers) return this.#handlers.onRead(buffer, bytes, loan)
    const piece = Buffer.from(buffer.subarray(0, bytes))
    this.#kept = this.#kept ? Buffer.concat([this.#kept, piece]) : piece
    return false
  }

  #nextBuffer(): Buffer {
    if (this.#wasFull) return this.#bulk?.next() ?? readBuffer
    this.#bulk?.release()
    return readBuffer
  }
}

/**
 * Dials, with TCP keep-alive unless `options` say otherwise; the caller listens for 'connect' and 'error'
 * on `socket`.
 */
export function dialSocket(options: NetConnectOpts): SocketEnd {
  return new SocketEnd(
    ({ read, nextBuffer }) =>
      connect({
        keepAlive: true,
        keepAliveInitialDelay: tcpKeepAliveMs,
        ...options,
        allowHalfOpen: true,
        noDelay: true,
        onread: { buffer: nextBuffer, callback: (bytes, buffer) => read(asBuffer(buffer), bytes) },
      }),
    { isTls: false },
  )
}

/**
 * Takes over an accepted socket that nobody has read from (`pauseOnConnect: true`), or one of which
 * `early` is all that was read: then call it where the last of these bytes arrived, before more can.
 */
export function adoptAccepted(accepted: Socket, early?: Buffer): SocketEnd {
  return new SocketEnd(
    ({ read, nextBuffer }) => {
      const isStatic = readInto(
        accepted,
        readBuffer,
        (bytes, buffer) => read(buffer, bytes),
        nextBuffer,
      )
      if (!isStatic) readByEvents(accepted, read)
      // One that was read from may still be reading.
      accepted.pause()
      return accepted
    },
    { isTls: false, early },
  )
}

/** Takes over a TLS socket; its records of up to 16 KiB come as buffers of their own. */
export function adoptTls(socket: TLSSocket): SocketEnd {
  return new SocketEnd(
    ({ read }) => {
      readByEvents(socket, read)
      return socket
    },
    { isTls: true },
  )
}

function readByEvents(socket: Socket, read: SocketReader): void {
  socket.on('data', (chunk: Buffer) => {
    if (!read(chunk, chunk.length)) socket.pause()
  })
}

/**
 * True from the last byte's departure until the FIN has followed it, a turn later. libuv refuses a
 * reset in between (uv_tcp_close_reset: EINVAL), and Node then forgets the descriptor, open, and
 * never emits 'close'.
 */
function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
