// The two ends that the edge stands between, as much of them as it uses: the visitor's stream, and the
// dialled origin. No code.
import type { Socket } from 'node:net'
import type { MuxStream, SocketEnd } from '@sallyport/mux'
import type { SallyportError } from '@sallyport/protocol'

export type VisitorStream = Pick<
  MuxStream,
  'receive' | 'accept' | 'write' | 'end' | 'reset' | 'consumed'
>

export interface OriginEnd extends Pick<SocketEnd, 'attach' | 'resume' | 'abort'> {
  readonly socket: OriginSocket
}

/** Of a net.Socket. */
export interface OriginSocket {
  write(bytes: Uint8Array): boolean
  end(): unknown
  destroySoon(): void
  on(event: 'drain', listener: () => void): unknown
}

export interface OriginDialEvents {
  /** The end is the receiver's, which sets it up before it returns. */
  connected(end: OriginEnd): void
  failed(error: SallyportError): void
}

export interface OriginDial {
  /** No callback comes afterwards. */
  cancel(): void
}

/** Where requests of a route go. */
export interface HttpTarget {
  /** For people: `localhost:3000`. */
  readonly label: string
  /** Calls back once, never before it returns. */
  dial(events: OriginDialEvents): OriginDial
  /** Set when the target speaks HTTP/2 without being asked: gRPC. */
  readonly http2?: Http2Target
}

export interface Http2Target {
  /** Every request goes over HTTP/2, not only gRPC's. */
  readonly always: boolean
  /** A plain socket, connecting; the edge adds the error listener at once. */
  connect(): Socket
}
