// The least HTTP that a load needs: requests one after another on one socket, answers of known length
// counted to their last byte. Nothing is allocated per request but the promise.
import { connect, type Socket } from 'node:net'

export interface Target {
  readonly host: string
  readonly port: number
  /** Most that the dial or one answer may take. */
  readonly timeoutMs: number
}

export interface Exchange {
  readonly socket: Socket
  /** Sends `GET /`; resolves when the answer is complete. Rejects on anything else. */
  request(): Promise<void>
}

/** Every socket of a load reads into this one: the bytes are looked at and forgotten. */
const receive = Buffer.alloc(64 * 1024)

/** Starts to dial; the first request may be sent at once. */
export function startExchange({ host, port, timeoutMs }: Target): Exchange {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  let head = ''
  let expected = 0
  let received = 0
  let pending: PromiseWithResolvers<void> | undefined
  const fail = (message: string) => {
    pending?.reject(new Error(message))
    pending = undefined
    socket.destroy()
  }
  const onBytes = (count: number, buffer: Uint8Array): boolean => {
    received += count
    if (expected === 0) {
      head += Buffer.from(buffer.subarray(0, count)).toString('latin1')
      expected = answerBytes(head)
      if (Number.isNaN(expected)) fail(`answered ${head.slice(0, 40)}`)
    }
    if (expected > 0 && received > expected) fail('answered more than one answer')
    if (expected > 0 && received === expected) {
      received = 0
      pending?.resolve()
      pending = undefined
    }
    return true
  }
  const onread = { buffer: receive, callback: onBytes }
  const socket = connect({ host, port, noDelay: true, onread })
  socket.on('error', (error) => fail(error.message))
  socket.on('close', () => fail('closed before the answer'))
  socket.setTimeout(timeoutMs, () => pending && fail(`no answer within ${timeoutMs} ms`))
  return {
    socket,
    request: () => {
      pending = Promise.withResolvers<void>()
      const { promise } = pending
      if (socket.destroyed) fail('closed before the request')
      else socket.write(bytes)
      return promise
    },
  }
}

/** Length of head and body; 0 while the head is not complete, NaN when it is not what we want. */
export function answerBytes(head: string): number {
  const end = head.indexOf('\r\n\r\n')
  if (end < 0) return 0
  if (!head.startsWith('HTTP/1.1 200 ')) return Number.NaN
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head.slice(0, end + 2))?.[1]
  return length === undefined ? Number.NaN : end + 4 + Number(length)
}
