// The origins of an https route as targets of the HTTP edge, for one visitor: the dial is the one of raw
// routes, with the visitor's own preamble. gRPC goes over HTTP/2, which a dialled origin is taken to
// speak when it is asked for it.
import { type ProxyHeader, formatTarget } from '@sallyport/protocol'
import type { VisitOptions } from './visit.ts'
import { type Http2Target, type HttpTarget, PathTargets, createServerTarget } from './http/index.ts'
import { connectHttp2 } from './http2-dial.ts'
import { visitPreamble } from './origin-preamble.ts'
import type { DialledOrigin, Origin } from './origin.ts'
import { reachOrigin } from './reach-origin.ts'
import type { HttpRoute } from './served-route.ts'

export type DialSettings = Pick<VisitOptions, 'clock' | 'dialSocket' | 'onDialled'>

export function httpTargets(
  origin: Origin,
  { paths }: HttpRoute,
  header: ProxyHeader,
  settings: DialSettings,
): PathTargets<HttpTarget> {
  const target = (one: Origin): HttpTarget =>
    one.kind === 'server'
      ? createServerTarget(one.server)
      : new DialledTarget(one, header, settings)
  return new PathTargets([
    { prefix: '/', target: target(origin) },
    ...paths.map((path) => ({ prefix: path.prefix, target: target(path.origin) })),
  ])
}

class DialledTarget implements HttpTarget {
  readonly #origin: DialledOrigin
  readonly #preamble: Buffer | undefined
  readonly #settings: DialSettings

  constructor(origin: DialledOrigin, header: ProxyHeader, settings: DialSettings) {
    const { proxyProtocol } = origin
    this.#origin = origin
    this.#preamble = proxyProtocol && visitPreamble(proxyProtocol, header)
    this.#settings = settings
  }

  get label(): string {
    return formatTarget(this.#origin)
  }

  get http2(): Http2Target {
    return { always: false, connect: () => connectHttp2(this.#origin, this.#preamble) }
  }

  dial(events: Parameters<HttpTarget['dial']>[0]): ReturnType<HttpTarget['dial']> {
    const { clock, dialSocket, onDialled } = this.#settings
    return reachOrigin(
      this.#origin,
      { clock, dialSocket, preamble: this.#preamble },
      {
        connected: (end) => {
          onDialled(this.#origin)
          events.connected(end)
        },
        failed: (error) => {
          onDialled(this.#origin, error)
          events.failed(error)
        },
      },
    )
  }
}
