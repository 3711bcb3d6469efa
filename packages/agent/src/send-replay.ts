// Sends a captured request once more: through the HTTP edge of its route, as if its visitor had come
// again, so that targets by path, header rules and forwarded fields are as they were then. The relay has no
// part in it, and the origin is dialled as for every visitor.
import { type IncomingMessage, request as sendRequest } from 'node:http'
import { Duplex } from 'node:stream'
import type { StreamReceiver } from '@sallyport/mux'
import { type ProxyHeader, SallyportError, halfClosedIdleMs } from '@sallyport/protocol'
import { type VisitorStream, startHttpEdge } from './http/index.ts'
import { type DialSettings, httpTargets } from './http-targets.ts'
import type { ReplayRequest, ReplayResponse, SendReplay } from './inspector/index.ts'
import type { ServedRoute } from './served-route.ts'

export interface ReplaySettings extends DialSettings {
  /** By route id. */
  readonly routes: ReadonlyMap<string, ServedRoute>
  /** How long an origin may take to accept. */
  readonly channelTimeoutMs: number
}

export function createReplaySender(settings: ReplaySettings): SendReplay {
  return async (request, signal) => {
    const { routes, clock, channelTimeoutMs } = settings
    const route = routes.get(request.route)
    if (!route?.http) {
      throw new SallyportError('SP_ABORTED', 'its route is no longer served by this agent')
    }
    const visitor = new MemoryVisitor()
    const host = hostOf(request) ?? route.http.publicHost ?? 'localhost'
    const header = headerOf(request, host)
    let ended: Error | undefined
    const edge = startHttpEdge({
      stream: visitor.stream,
      asDuplex: () => visitor,
      visit: header,
      publicHost: host,
      targets: httpTargets(route.origin, route.http, header, settings),
      policy: route.http.policy,
      clock,
      dialTimeoutMs: channelTimeoutMs,
      halfClosedIdleMs,
      onClose: (error) => {
        ended = error
        visitor.destroy()
      },
    })
    visitor.once('close', () => edge.abort())
    try {
      return await ask(request, host, visitor, signal)
    } catch (error) {
      visitor.destroy()
      throw ended ?? error
    }
  }
}

/** What the relay would have said of the visitor. Its TLS is not repeated, so any host goes with it. */
function headerOf({ route, visitorAddress }: ReplayRequest, host: string): ProxyHeader {
  return {
    visitor: { address: visitorAddress, port: 1 },
    listener: { address: visitorAddress.includes(':') ? '::1' : '127.0.0.1', port: 443 },
    alpn: 'http/1.1',
    sni: host,
    tls: { version: 'TLSv1.3' },
    route,
  }
}

function hostOf({ fields }: ReplayRequest): string | undefined {
  const host = fields.find(([name]) => name.toLowerCase() === 'host')?.[1]
  return host === undefined ? undefined : URL.parse(`http://${host}`)?.hostname
}

/** node:http frames the body and reads the answer; what goes between is the edge's. */
function ask(
  { method, target, fields, body }: ReplayRequest,
  host: string,
  visitor: Duplex,
  signal: AbortSignal,
): Promise<ReplayResponse> {
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host')
  const needsLength = body.length > 0 || !/^(?:GET|HEAD|DELETE|OPTIONS)$/.test(method)
  return new Promise((resolve, reject) => {
    const asked = sendRequest({
      createConnection: () => visitor,
      method,
      path: target,
      setHost: false,
      signal,
      headers: [
        ...(hasHost ? [] : ['Host', host]),
        ...fields.flat(),
        ...(needsLength ? ['Content-Length', String(body.length)] : []),
        'Connection',
        'close',
      ],
    })
    asked.once('response', (answer) => resolve(responseOf(answer)))
    asked.once('upgrade', (answer) => {
      visitor.destroy()
      resolve(responseOf(answer))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

function responseOf(answer: IncomingMessage): ReplayResponse {
  const { statusCode = 0, statusMessage = '', rawHeaders } = answer
  const names = rawHeaders.filter((_, index) => index % 2 === 0)
  return {
    status: statusCode,
    reason: statusMessage,
    fields: names.map((name, index) => [name, rawHeaders[2 * index + 1] ?? ''] as const),
    body: answer,
  }
}

/** A visitor without a network: a socket to node:http, and a stream of a session to the edge. */
class MemoryVisitor extends Duplex {
  readonly stream: VisitorStream
  #receiver: StreamReceiver | undefined
  #isBlocked = false

  constructor() {
    super({ allowHalfOpen: true })
    this.stream = {
      receive: (receiver) => {
        this.#receiver = receiver
      },
      accept: () => {},
      consumed: () => {},
      // A copy: the edge uses its buffers again.
      write: (chunk, start, end) => {
        this.#isBlocked = !this.push(Buffer.from(chunk.subarray(start, end)))
        return !this.#isBlocked
      },
      end: () => void this.push(null),
      reset: () => {
        this.#receiver = undefined
        this.destroy(Object.assign(new Error('the edge gave it up'), { code: 'ECONNRESET' }))
      },
    }
  }

  override _read(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.#receiver?.onDrain?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#receiver?.onData?.(chunk)
    this.#receiver?.onTurnEnd?.()
    done()
  }

  override _final(done: () => void): void {
    this.#receiver?.onEnd?.()
    done()
  }
}
