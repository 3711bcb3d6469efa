// An origin, the HTTP edge and one HTTP/2 visitor: Node's client on a loopback port.
import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  connect,
} from 'node:http2'
import type { Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { deadline } from './deadline.ts'
import { type EdgeTunnel, type EdgeTunnelOptions, startEdgeTunnel } from './edge-tunnel.ts'

async function listen<S extends Server>(server: S): Promise<S & { readonly port: number }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return Object.assign(server, { port: address.port })
}

export interface World extends AsyncDisposable {
  readonly tunnel: EdgeTunnel
  readonly session: ClientHttp2Session
}

/** An origin, the edge, and one HTTP/2 visitor. */
export async function startWorld(origin: Server, options: EdgeTunnelOptions = {}): Promise<World> {
  const { port } = await listen(origin)
  const tunnel = await startEdgeTunnel(port, { alpn: 'h2', ...options })
  const session = connect(`http://127.0.0.1:${tunnel.port}`)
  session.on('error', () => {})
  return {
    tunnel,
    session,
    async [Symbol.asyncDispose]() {
      session.destroy()
      await tunnel[Symbol.asyncDispose]()
      origin.close()
    },
  }
}

export const http1World = (
  listener: RequestListener,
  options: EdgeTunnelOptions = {},
): Promise<World> => startWorld(createServer(listener), options)

export function ask(
  world: World,
  headers: OutgoingHttpHeaders = {},
  endStream = true,
): ClientHttp2Stream {
  const stream = world.session.request(
    { ':authority': 'app.example.com', ':path': '/', ...headers },
    { endStream },
  )
  stream.on('error', () => {})
  return stream
}

/** Waits for its end, well or not. */
export async function closed(stream: ClientHttp2Stream): Promise<void> {
  const isOver = new Promise<void>((resolve) => stream.once('close', resolve))
  await deadline(isOver, 5_000, 'end of the stream')
}

export async function answered(
  stream: ClientHttp2Stream,
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const [headers] = (await deadline(once(stream, 'response'), 5_000, 'response')) as [
    IncomingHttpHeaders,
  ]
  return { headers, body: await text(stream) }
}
