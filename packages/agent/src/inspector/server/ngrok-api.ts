// What scripts know from ngrok's agent (its /api, v3): the same names and units. Durations are
// nanoseconds, raw messages base64.
import type { FieldList } from '../../http/field-list.ts'
import type { Exchange } from '../exchange.ts'
import type { InspectedTunnel, Inspector } from '../inspector.ts'
import type { MeterReading } from '../traffic.ts'

const nanosecondsPerMs = 1_000_000

export function tunnelList(inspector: Inspector): object {
  const { tunnels } = inspector
  return { tunnels: tunnels.map((tunnel) => tunnelOf(tunnel, inspector)), uri: '/api/tunnels' }
}

export function tunnelOf(tunnel: InspectedTunnel, { traffic }: Inspector): object {
  const { name, publicUrl, protocol, target, route } = tunnel
  const { requests, visits } = traffic.ofRoute(route)
  return {
    name,
    ID: route,
    uri: `/api/tunnels/${encodeURIComponent(name)}`,
    public_url: publicUrl,
    proto: protocol,
    config: { addr: target, inspect: protocol === 'https' },
    metrics: { conns: { gauge: 0, ...reading(visits) }, http: reading(requests) },
  }
}

function reading({ count, rates, percentiles }: MeterReading): object {
  const [rate1, rate5, rate15] = rates
  const { p50 = 0, p90 = 0, p95 = 0, p99 = 0 } = percentiles ?? {}
  const ns = (ms: number): number => Math.round(ms * nanosecondsPerMs)
  return { count, rate1, rate5, rate15, p50: ns(p50), p90: ns(p90), p95: ns(p95), p99: ns(p99) }
}

export function requestList(exchanges: readonly Exchange[], inspector: Inspector): object {
  return {
    uri: '/api/requests/http',
    requests: exchanges.map((exchange) => requestOf(exchange, inspector)),
  }
}

export function requestOf(exchange: Exchange, inspector: Inspector): object {
  const { id, method, target, response, endMs = 0, route, httpVersion } = exchange
  const proto = `HTTP/${httpVersion}`
  return {
    uri: `/api/requests/http/${id}`,
    id,
    tunnel_name: inspector.tunnelOf(route)?.name ?? route,
    remote_addr: exchange.visitorAddress,
    start: new Date(exchange.startedAt).toISOString(),
    duration: Math.round(endMs * nanosecondsPerMs),
    request: {
      method,
      proto,
      headers: byName(exchange.requestFields),
      uri: target,
      raw: raw(`${method} ${target} ${proto}`, exchange.requestFields, exchange.requestBody.bytes),
    },
    response: response
      ? {
          status: `${response.status} ${response.reason}`.trim(),
          status_code: response.status,
          proto,
          headers: byName(response.fields),
          raw: raw(
            `${proto} ${response.status} ${response.reason}`,
            response.fields,
            exchange.responseBody.bytes,
          ),
        }
      : null,
  }
}

function byName(fields: FieldList): object {
  const headers = new Map<string, string[]>()
  for (const [name, value] of fields) {
    const values = headers.get(name)
    if (values) values.push(value)
    else headers.set(name, [value])
  }
  return Object.fromEntries(headers)
}

function raw(firstLine: string, fields: FieldList, body: Buffer): string {
  const head = [firstLine, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  )
  return Buffer.concat([Buffer.from(head, 'latin1'), body]).toString('base64')
}
