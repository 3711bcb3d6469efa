// Which path does what: the page's own endpoints, and those that scripts know from ngrok. Who may ask was
// looked at before.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { badInput } from '@sallyport/protocol'
import { curlCommand } from '../curl-command.ts'
import type { Exchange } from '../exchange.ts'
import { detail, publicUrlOf } from '../exchange-view.ts'
import { matches, parseFilter } from '../filter.ts'
import { harPieces } from '../har.ts'
import type { Inspector } from '../inspector.ts'
import { listedExchanges } from '../limits.ts'
import { visibleText } from '../visible-text.ts'
import type { VisitView } from '../wire.ts'
import { startLiveStream } from './live-stream.ts'
import { requestList, requestOf, tunnelList, tunnelOf } from './ngrok-api.ts'
import { readJson } from './read-json.ts'
import {
  sendAttachment,
  sendAttachmentPieces,
  sendError,
  sendJson,
  sendNothing,
} from './respond.ts'
import { statusView } from './status-view.ts'

export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** What stands in the path for a name or an id. */
  readonly words: readonly string[]
  readonly inspector: Inspector
  readonly version: string
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: RegExp
  readonly needsNoToken?: true
  /** Stays open until the page goes. */
  readonly isStream?: true
  handle(call: Call): void | Promise<void>
}

export const endpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: /^\/api\/tunnels$/,
    needsNoToken: true,
    handle: ({ response, inspector }) => sendJson(response, 200, tunnelList(inspector)),
  },
  {
    method: 'GET',
    path: /^\/api\/tunnels\/([^/]+)$/,
    handle({ response, inspector, words: [name = ''] }) {
      const tunnel = inspector.tunnels.find((one) => one.name === name)
      if (tunnel) sendJson(response, 200, tunnelOf(tunnel, inspector))
      else sendError(response, 404, `no tunnel has this name: ${visibleText(name)}`)
    },
  },
  {
    method: 'GET',
    path: /^\/api\/requests\/http$/,
    handle({ response, inspector, query }) {
      const limit = Number(query.get('limit') ?? 50)
      const tunnel = query.get('tunnel_name')
      const chosen = selected(inspector, query)
        .filter(({ route }) => tunnel === null || inspector.tunnelOf(route)?.name === tunnel)
        .slice(0, Number.isInteger(limit) && limit > 0 ? Math.min(limit, listedExchanges) : 50)
      sendJson(response, 200, requestList(chosen, inspector))
    },
  },
  {
    method: 'POST',
    path: /^\/api\/requests\/http$/,
    async handle({ request, response, inspector }) {
      const { id } = parse(z.object({ id: z.string() }), await readJson(request))
      await withExchange({ response, inspector, words: [id] }, (exchange) => {
        inspector.replay(exchange)
        sendNothing(response)
      })
    },
  },
  {
    method: 'DELETE',
    path: /^\/api\/requests\/http$/,
    handle({ response, inspector }) {
      inspector.exchanges.clear()
      sendNothing(response)
    },
  },
  {
    method: 'GET',
    path: /^\/api\/requests\/http\/(\w+)$/,
    handle: (call) =>
      withExchange(call, (exchange) =>
        sendJson(call.response, 200, requestOf(exchange, call.inspector)),
      ),
  },
  {
    method: 'GET',
    path: /^\/api\/live$/,
    isStream: true,
    handle: ({ response, inspector, query }) =>
      startLiveStream(response, inspector, parseFilter(query)),
  },
  {
    method: 'GET',
    path: /^\/api\/exchanges\/(\w+)$/,
    handle: (call) =>
      withExchange(call, async (exchange) =>
        sendJson(call.response, 200, await detail(exchange, call.inspector)),
      ),
  },
  {
    method: 'GET',
    path: /^\/api\/exchanges\/(\w+)\/(request|response)-body$/,
    handle: (call) =>
      withExchange(call, ({ id, requestBody, responseBody }) => {
        const [, side = ''] = call.words
        const { bytes } = side === 'request' ? requestBody : responseBody
        sendAttachment(call.response, bytes, `${id}-${side}-body`)
      }),
  },
  {
    method: 'GET',
    path: /^\/api\/exchanges\/(\w+)\/curl$/,
    handle: (call) =>
      withExchange(call, (exchange) => {
        const publicUrl = publicUrlOf(exchange, call.inspector)
        const command = curlCommand(exchange, { publicUrl, withSecrets: withSecrets(call) })
        sendJson(call.response, 200, { command })
      }),
  },
  {
    method: 'POST',
    path: /^\/api\/exchanges\/(\w+)\/replay$/,
    handle: (call) =>
      withExchange(call, async (exchange) => {
        const edits = parse(editsSchema, (await readJson(call.request)) ?? {})
        sendJson(call.response, 201, { id: call.inspector.replay(exchange, edits).id })
      }),
  },
  {
    method: 'GET',
    path: /^\/api\/har$/,
    async handle(call) {
      const { response, inspector, query, version } = call
      const id = query.get('id')
      const chosen = selected(inspector, query).filter(
        (exchange) => id === null || exchange.id === id,
      )
      const har = harPieces(chosen.toReversed(), {
        version,
        withSecrets: withSecrets(call),
        publicUrlOf: (exchange) => publicUrlOf(exchange, inspector),
      })
      await sendAttachmentPieces(response, har, 'sallyport.har')
    },
  },
  {
    method: 'GET',
    path: /^\/api\/visits$/,
    handle: ({ response, inspector }) => sendJson(response, 200, { visits: visitViews(inspector) }),
  },
  {
    method: 'GET',
    path: /^\/api\/status$/,
    handle: ({ response, inspector, version }) =>
      sendJson(response, 200, statusView(inspector, version)),
  },
]

const editsSchema = z.strictObject({
  method: z.string().exactOptional(),
  target: z.string().exactOptional(),
  fields: z.array(z.tuple([z.string(), z.string()])).exactOptional(),
  body: z.string().exactOptional(),
  bodyBase64: z.base64().exactOptional(),
})

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw badInput('SP_USAGE', {
    what: 'body',
    where: issue?.path.join('.') || 'of the request',
    right: issue?.message ?? 'JSON of the documented form',
  })
}

function withSecrets({ query }: Call): boolean {
  return query.get('secrets') === '1'
}

function selected(inspector: Inspector, query: URLSearchParams): readonly Exchange[] {
  const filter = parseFilter(query)
  return inspector.exchanges.newestFirst().filter((exchange) => matches(exchange, filter))
}

function withExchange(
  { response, inspector, words: [id = ''] }: Pick<Call, 'response' | 'inspector' | 'words'>,
  use: (exchange: Exchange) => void | Promise<void>,
): void | Promise<void> {
  const exchange = inspector.exchanges.get(id)
  if (exchange) return use(exchange)
  sendError(response, 404, 'it is not, or no longer, held')
}

function visitViews(inspector: Inspector): readonly VisitView[] {
  return inspector.visits.newestFirst.map((visit) => ({
    id: visit.id,
    tunnel: inspector.tunnelOf(visit.route ?? '')?.name ?? visit.route ?? '',
    visitor: visit.visitor ?? '',
    startedAt: visit.startedAt,
    durationMs: visit.durationMs,
    bytesIn: visit.bytesFromVisitor,
    bytesOut: visit.bytesToVisitor,
    endedBy: visit.endedBy,
    ...(visit.message !== undefined && { message: visibleText(visit.message) }),
  }))
}
