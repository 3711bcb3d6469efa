// Exchanges as the page gets them.
import type { FieldList } from '../http/field-list.ts'
import { viewBody, viewBytes } from './body-view.ts'
import type { CapturedBody } from './captured-body.ts'
import type { Exchange } from './exchange.ts'
import type { Inspector } from './inspector.ts'
import { noReplay } from './replay.ts'
import { timingOf } from './timing.ts'
import { visibleText } from './visible-text.ts'
import type { ExchangeDetail, ExchangeSummary, MessageView } from './wire.ts'

export function summarize(exchange: Exchange, inspector: Inspector): ExchangeSummary {
  const { id, method, target, startedAt, response, endMs, error, webSocket, replayOf } = exchange
  return {
    id,
    tunnel: inspector.tunnelOf(exchange.route)?.name ?? exchange.route,
    method: visibleText(method),
    target: visibleText(target),
    startedAt,
    ...(response && { status: response.status }),
    ...(endMs !== undefined && { durationMs: endMs }),
    requestBytes: exchange.requestBody.seen + (webSocket?.visitor.seen ?? 0),
    responseBytes: exchange.responseBody.seen + (webSocket?.origin.seen ?? 0),
    ...(error && { error: { code: error.code, message: visibleText(error.message) } }),
    ...((webSocket || response?.status === 101) && { isWebSocket: true }),
    ...(replayOf !== undefined && { replayOf }),
  }
}

export async function detail(exchange: Exchange, inspector: Inspector): Promise<ExchangeDetail> {
  const { response, webSocket } = exchange
  const reason = noReplay(exchange)
  return {
    ...summarize(exchange, inspector),
    publicUrl: publicUrlOf(exchange, inspector),
    httpVersion: exchange.httpVersion,
    visitorAddress: visibleText(exchange.visitorAddress),
    targetLabel: visibleText(exchange.targetLabel),
    timing: timingOf(exchange),
    request: await message(exchange.requestFields, exchange.requestBody),
    ...(response && {
      reason: visibleText(response.reason),
      response: await message(response.fields, exchange.responseBody),
    }),
    ...(webSocket && {
      webSocket: { visitor: viewBytes(webSocket.visitor), origin: viewBytes(webSocket.origin) },
    }),
    ...(reason !== undefined && { noReplay: reason }),
  }
}

/** Scheme, host and port: of the route, or else what the visitor asked for. */
export function publicUrlOf({ route, requestFields }: Exchange, inspector: Inspector): string {
  const host = requestFields.find(([name]) => /^(?:host|:authority)$/i.test(name))?.[1]
  return inspector.tunnelOf(route)?.publicUrl ?? `https://${host ?? 'localhost'}`
}

async function message(fields: FieldList, body: CapturedBody): Promise<MessageView> {
  return {
    fields: fields.map(([name, value]) => [visibleText(name), visibleText(value)]),
    body: await viewBody(fields, body),
  }
}
