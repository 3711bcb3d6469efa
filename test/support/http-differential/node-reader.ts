// Node's own HTTP server (llhttp) as a reader, each stream a connection in memory.
import { createHash } from 'node:crypto'
import { type Server, createServer } from 'node:http'
import { Duplex } from 'node:stream'
import { deadline } from '../deadline.ts'
import type { ReadRequest } from './edge-reading.ts'
import type { HttpReader, Reading } from './http-reader.ts'

class Connection extends Duplex {
  readonly requests: (ReadRequest & { isWhole: boolean; sha256: string | undefined })[] = []
  readonly #stream: Buffer
  hasRefused = false
  /** Whole answers are all written, or it was given up. */
  readonly isOver: Promise<void>

  constructor(stream: Buffer) {
    super({ allowHalfOpen: true })
    this.#stream = stream
    this.isOver = new Promise((resolve) => this.once('close', () => resolve()))
  }

  override _read(): void {
    this.push(this.#stream)
    this.push(null)
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (/^HTTP\/1\.1 [45]/.test(chunk.toString('latin1', 0, 12))) this.hasRefused = true
    done()
  }

  // What node:http asks of a socket.
  setTimeout(): this {
    return this
  }

  destroySoon(): void {
    this.end(() => this.destroy())
  }
}

export function startNodeReader(): HttpReader {
  const server: Server & { httpAllowHalfOpen?: boolean } = createServer((request, response) => {
    const { socket } = request
    if (!(socket instanceof Connection)) throw new Error('another socket')
    const hash = createHash('sha256')
    const read = {
      method: request.method ?? '',
      target: request.url ?? '',
      host: request.headers.host ?? '',
      isWhole: false,
      sha256: undefined as string | undefined,
    }
    socket.requests.push(read)
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      read.isWhole = request.complete
      read.sha256 = hash.digest('hex')
      response.end()
    })
  })
  // Answers behind the end of the stream are still to be read and given.
  server.httpAllowHalfOpen = true
  server.keepAliveTimeout = 1
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  server.on('upgrade', (request, socket) => {
    if (!(socket instanceof Connection)) throw new Error('another socket')
    const { method = '', url: target = '' } = request
    const host = request.headers.host ?? ''
    socket.requests.push({ method, target, host, isWhole: true, sha256: undefined })
    socket.destroy()
  })
  server.on('clientError', (_error, socket) => {
    if (socket instanceof Connection) socket.hasRefused = true
    socket.destroy()
  })
  return {
    name: 'llhttp',
    async read(streams) {
      const readings: Reading[] = []
      for (const stream of streams) {
        const connection = new Connection(stream)
        server.emit('connection', connection)
        await deadline(connection.isOver, 10_000, 'end of a connection in memory')
        readings.push({ requests: connection.requests, hasRefused: connection.hasRefused })
      }
      return readings
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
