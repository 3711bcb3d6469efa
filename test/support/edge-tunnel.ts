// A visitor's way through the HTTP edge without the programs: a loopback port, a mux session in memory, the
// edge at its other end, and a real origin behind. What TLS would say is given.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Socket, connect } from 'node:net'
import { adoptAccepted, dialSocket, splice, streamAsDuplex, systemClock } from '@sallyport/mux'
import { SallyportError, decodeProxyHeader, encodeProxyHeader } from '@sallyport/protocol'
import {
  type ExchangeTap,
  type HttpEdge,
  type HttpPolicy,
  type HttpTarget,
  PathTargets,
  startHttpEdge,
} from '../../packages/agent/src/http/index.ts'
import { deadline } from './deadline.ts'
import { createSessionPair } from './session-pair.ts'

export interface EdgeTunnel extends AsyncDisposable {
  readonly port: number
  /** The edges of all visitors so far. */
  readonly edges: readonly HttpEdge[]
  /** Resolves when no edge is left; disposing waits for it. */
  closed(): Promise<void>
}

export interface EdgeTunnelOptions {
  readonly policy?: HttpPolicy
  readonly tap?: ExchangeTap
  /** What was agreed with every visitor. */
  readonly alpn?: 'http/1.1' | 'h2'
  /** The origin speaks HTTP/2: for gRPC alone, or always. */
  readonly http2?: 'grpc' | 'always'
}

/** The origin listens on `originPort`; every visitor asks for app.example.com. */
export async function startEdgeTunnel(
  originPort: number,
  options: EdgeTunnelOptions = {},
): Promise<EdgeTunnel> {
  const edges: HttpEdge[] = []
  let open = 0
  let onIdle: (() => void) | undefined
  const targets = new PathTargets([{ prefix: '/', target: target(originPort, options.http2) }])
  const pair = createSessionPair({
    agent: {
      onStream: (stream) => {
        stream.receive({
          onReset: () => {},
          onData: (chunk) => {
            const decoded = decodeProxyHeader(chunk)
            if (!decoded) throw new Error('a header in pieces')
            stream.consumed(decoded.length)
            stream.putBack(chunk.subarray(decoded.length))
            open++
            const edge = startHttpEdge({
              stream,
              asDuplex: () => streamAsDuplex(stream),
              visit: decoded.header,
              targets,
              policy: options.policy ?? {},
              clock: systemClock,
              dialTimeoutMs: 5_000,
              halfClosedIdleMs: 60_000,
              ...(options.tap ? { tap: options.tap } : {}),
              onClose: () => {
                open--
                if (open === 0) onIdle?.()
              },
            })
            edges.push(edge)
          },
        })
      },
    },
  })
  const sockets = new Set<Socket>()
  const server = createServer(
    { pauseOnConnect: true, allowHalfOpen: true, noDelay: true },
    (socket) => {
      const header = encodeProxyHeader({
        visitor: { address: '203.0.113.7', port: socket.remotePort ?? 1 },
        listener: { address: '192.0.2.1', port: 443 },
        alpn: options.alpn ?? 'http/1.1',
        sni: 'app.example.com',
        tls: { version: 'TLSv1.3' },
        route: 'r0',
      })
      const end = adoptAccepted(socket)
      sockets.add(end.socket)
      end.socket.once('close', () => sockets.delete(end.socket))
      const stream = pair.relay.session.open(header, { onReset: () => {} })
      splice(end, stream, { clock: systemClock })
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const closed = async (): Promise<void> => {
    if (open === 0) return
    const idle = new Promise<void>((resolve) => {
      onIdle = resolve
    })
    await deadline(idle, 10_000, 'end of all edges')
  }
  return {
    port: address.port,
    edges,
    closed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await closed()
      await pair[Symbol.asyncDispose]()
      server.close()
      await once(server, 'close')
    },
  }
}

function target(port: number, http2: EdgeTunnelOptions['http2']): HttpTarget {
  const address = { host: '127.0.0.1', port }
  return {
    label: `localhost:${port}`,
    dial(events) {
      const end = dialSocket(address)
      end.socket.once('connect', () => {
        end.socket.off('error', onError)
        events.connected(end)
      })
      const onError = (cause: Error): void => {
        const message = `origin localhost:${port} refused the connection`
        events.failed(new SallyportError('SP_ORIGIN_REFUSED', message, { cause }))
      }
      end.socket.once('error', onError)
      return { cancel: () => end.socket.destroy() }
    },
    ...(http2 ? { http2: { always: http2 === 'always', connect: () => connect(address) } } : {}),
  }
}
