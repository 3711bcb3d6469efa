// A way to the relay through an HTTP proxy: CONNECT (RFC 9110 §9.3.6), of whose answer no more than its
// head is read. Everything above is TLS with the relay itself: the proxy sees no plaintext.
import { type Socket, connect } from 'node:net'
import { SallyportError, formatHostPort } from '@sallyport/protocol'
import type { HttpProxy } from './http-proxy.ts'
import { maxProxyAnswerBytes } from './limits.ts'

export interface HttpTunnelEvents {
  /** What follows is the relay's. Nobody has read it; the socket is paused. */
  opened(socket: Socket): void
  failed(error: SallyportError): void
}

/** Calls back once, never before it returns, and not at all after `cancel()`. */
export function openHttpTunnel(
  proxy: HttpProxy,
  relay: { readonly host: string; readonly port: number },
  events: HttpTunnelEvents,
): { cancel(): void } {
  const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true })
  const name = `HTTP proxy ${formatHostPort(proxy.host, proxy.port)}`
  let head = Buffer.alloc(0)
  let isOver = false
  const fail = (why: string): void => {
    if (isOver) return
    isOver = true
    socket.destroy()
    events.failed(new SallyportError('SP_UNREACHABLE', `${name}: ${why}`))
  }
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0 && head.length <= maxProxyAnswerBytes) return
    const status = /^HTTP\/1\.\d (\d{3})/.exec(head.toString('latin1', 0, 12))?.[1]
    if (end < 0 || end > maxProxyAnswerBytes || status === undefined) {
      fail('what it answers is no HTTP')
    } else if (status.startsWith('2')) {
      isOver = true
      socket.off('data', onData)
      socket.pause()
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4))
      events.opened(socket)
    } else fail(refusals[status] ?? `it does not let us through to the relay (status ${status})`)
  }
  socket.on('error', (error) => fail(error.message))
  socket.on('close', () => fail('it closed the connection'))
  socket.on('data', onData)
  socket.once('connect', () => {
    const authority = formatHostPort(relay.host, relay.port)
    const { credentials } = proxy
    const encoded = credentials && Buffer.from(credentials.reveal()).toString('base64')
    const authorization = encoded === undefined ? '' : `Proxy-Authorization: Basic ${encoded}\r\n`
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`)
  })
  return {
    cancel() {
      isOver = true
      socket.destroy()
    },
  }
}

const refusals: Readonly<Record<string, string>> = {
  '407': 'it asks for a user and password, or other ones: http://USER:PASSWORD@HOST:PORT',
}
