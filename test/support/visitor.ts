// A visitor: a plain socket or TLS. For TLS it also tells whether a close_notify came, which Node
// does not say: with TLS 1.2 an alert is a record of its own type on the wire (RFC 5246 §6.2.1), and
// a tap on the socket counts them.
import { once } from 'node:events'
import { type Socket, connect, isIP } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { deadline } from './deadline.ts'
import { type EndedBy, endOf } from './socket-end-kind.ts'

export interface Visitor extends AsyncDisposable {
  /** Where the visitor writes and reads: the plain socket, or the TLS one. */
  readonly socket: Socket
  /** How it ended. */
  readonly ended: Promise<EndedBy>
  /** TLS alerts received in the clear after the handshake: 1 = a close_notify came. */
  readonly alerts: () => number
}

export async function visit(port: number): Promise<Visitor> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const ended = endOf(socket)
  await once(socket, 'connect')
  return visitor(socket, ended, () => 0)
}

/** Over TLS, with the relay's self-signed certificate; `version` 1.2 lets alerts be counted. */
export async function visitTls(
  port: number,
  version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
  servername?: string,
): Promise<Visitor> {
  const raw = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const tap = new AlertTap(raw)
  const socket = connectTls({
    ...(version === 'TLSv1.2' ? { socket: tap } : { socket: raw }),
    rejectUnauthorized: false,
    ...(servername !== undefined && isIP(servername) === 0 && { servername }),
    minVersion: version,
    maxVersion: version,
  })
  raw.on('error', () => {})
  const ended = endOf(socket)
  await deadline(once(socket, 'secureConnect'), 10_000, 'TLS handshake')
  return visitor(socket, ended, () => tap.alerts)
}

function visitor(socket: Socket, ended: Promise<EndedBy>, alerts: () => number): Visitor {
  return {
    socket,
    ended,
    alerts,
    async [Symbol.asyncDispose]() {
      if (socket.destroyed) return
      socket.destroy()
      await once(socket, 'close')
    },
  }
}

/** Everything until the end of the socket, which must be a clean one. */
export async function readAll(visitor: Visitor, ms = 20_000): Promise<Buffer> {
  const chunks: Buffer[] = []
  visitor.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const kind = await deadline(visitor.ended, ms, 'end of the visit')
  if (kind !== 'end') {
    throw new Error(`the visit ended by ${kind} after ${Buffer.concat(chunks).length} bytes`)
  }
  return Buffer.concat(chunks)
}

const recordHeaderBytes = 5
const alertType = 21

/** Passes bytes through and counts TLS records of the alert type that arrive. */
class AlertTap extends Duplex {
  readonly #raw: Socket
  alerts = 0
  #header = Buffer.alloc(0)
  #bodyLeft = 0

  constructor(raw: Socket) {
    super({ allowHalfOpen: true })
    this.#raw = raw
    raw.on('data', (chunk: Buffer) => {
      this.#count(chunk)
      if (!this.push(chunk)) raw.pause()
    })
    raw.on('end', () => this.push(null))
    raw.on('error', (error) => this.destroy(error))
    raw.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#raw.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#raw.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.destroy()
    done(error)
  }

  #count(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#bodyLeft > 0) {
        const bytes = Math.min(this.#bodyLeft, chunk.length - at)
        this.#bodyLeft -= bytes
        at += bytes
        continue
      }
      const bytes = Math.min(recordHeaderBytes - this.#header.length, chunk.length - at)
      this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + bytes)])
      at += bytes
      if (this.#header.length < recordHeaderBytes) return
      if (this.#header[0] === alertType) this.alerts++
      this.#bodyLeft = this.#header.readUInt16BE(3)
      this.#header = Buffer.alloc(0)
    }
  }
}
