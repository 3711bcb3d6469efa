// The whole way to an origin: the dial, the PROXY header if it wants one, and TLS for https:// targets.
// TLS is verified like a browser's, unless its owner says otherwise; nothing of the visitor is sent
// before that.
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type SocketEnd, adoptTls } from '@sallyport/mux'
import { SallyportError, formatTarget, isHostName } from '@sallyport/protocol'
import { type OriginDial, type OriginDialOptions, dialOrigin } from './dial-origin.ts'
import type { DialledOrigin } from './origin.ts'

export interface ReachOptions extends OriginDialOptions<SocketEnd> {
  /** Sent first, before any TLS. */
  readonly preamble?: Buffer | undefined
}

export interface ReachEvents {
  /** The origin accepted, and its certificate is the right one. */
  connected(end: SocketEnd): void
  failed(error: SallyportError): void
}

/** Calls back once, never before it returns, and not at all after `cancel()`. */
export function reachOrigin(
  origin: DialledOrigin,
  options: ReachOptions,
  events: ReachEvents,
): OriginDial {
  let current = dialOrigin(origin, options, {
    connected: (end) => {
      if (options.preamble) end.socket.write(options.preamble)
      if (origin.kind === 'https') current = secure(end, origin, events)
      else events.connected(end)
    },
    failed: (error) => events.failed(error),
  })
  return { cancel: () => current.cancel() }
}

/** Whom to trust, and what to ask for. */
export function tlsOptions(
  origin: DialledOrigin & { kind: 'https' },
): ConnectionOptions & { allowHalfOpen: boolean } {
  return {
    host: origin.host,
    // Node takes it here, its declarations do not know it.
    allowHalfOpen: true,
    rejectUnauthorized: origin.tls?.isInsecure !== true,
    // RFC 6066 §3: no addresses in SNI.
    ...(isHostName(origin.host) && { servername: origin.host }),
    ...(origin.tls?.ca !== undefined && { ca: origin.tls.ca }),
  }
}

function secure(
  end: SocketEnd,
  origin: DialledOrigin & { kind: 'https' },
  events: ReachEvents,
): OriginDial {
  const socket = connectTls({
    ...tlsOptions(origin),
    socket: end.socket,
    ALPNProtocols: ['http/1.1'],
  })
  let isOver = false
  const fail = (why: string): void => {
    if (isOver) return
    isOver = true
    socket.destroy()
    const message = `origin ${formatTarget(origin)}: no TLS that can be trusted: ${why}`
    events.failed(new SallyportError('SP_ORIGIN_UNTRUSTED', message))
  }
  socket.on('error', (error: Error) => fail(error.message))
  socket.once('close', () => fail('it closed the connection'))
  socket.once('secureConnect', () => {
    if (isOver) return
    isOver = true
    events.connected(adoptTls(socket))
  })
  return {
    cancel() {
      isOver = true
      socket.destroy()
    },
  }
}
