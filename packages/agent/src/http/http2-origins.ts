// The HTTP/2 sessions of one visitor to its targets: one per target while it has room, a further one when it
// has not. Ended with the visitor.
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Http2Target, HttpTarget } from './ends.ts'
import { failure } from './failure.ts'
import { maxHttp2Streams } from './limits.ts'

interface Standing {
  readonly session: ClientHttp2Session
  streams: number
}

/** A session with room for one stream more. */
export interface Http2Lease {
  readonly session: ClientHttp2Session
  /** The stream is over. */
  release(): void
}

export class Http2Origins {
  readonly #sessions = new Map<HttpTarget, Standing[]>()

  /** Only for a target that speaks HTTP/2. */
  take(target: HttpTarget): Http2Lease {
    const { http2 } = target
    if (!http2) throw failure('SP_INTERNAL', `${target.label} speaks no HTTP/2`)
    const all = (this.#sessions.get(target) ?? []).filter(
      ({ session }) => !session.closed && !session.destroyed,
    )
    const roomy = all.find(({ session, streams }) => {
      const allowed = session.remoteSettings?.maxConcurrentStreams ?? maxHttp2Streams
      return streams < Math.min(allowed, maxHttp2Streams)
    })
    const standing = roomy ?? { session: open(http2), streams: 0 }
    if (!roomy) all.push(standing)
    this.#sessions.set(target, all)
    standing.streams++
    return {
      session: standing.session,
      release: () => {
        standing.streams--
      },
    }
  }

  close(): void {
    for (const all of this.#sessions.values()) for (const { session } of all) session.destroy()
    this.#sessions.clear()
  }
}

function open(http2: Http2Target): ClientHttp2Session {
  const session = connect('http://origin', { createConnection: () => http2.connect() })
  // Each of its streams fails too, and tells.
  session.on('error', () => {})
  return session
}
