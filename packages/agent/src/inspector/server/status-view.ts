// The status page's figures.
import type { Inspector } from '../inspector.ts'
import { bucketMs, maxHeldBytes } from '../limits.ts'
import type { StatusView } from '../wire.ts'

export function statusView(inspector: Inspector, version: string): StatusView {
  const { exchanges, traffic, tunnels } = inspector
  const series = traffic.series()
  return {
    version,
    tunnels: tunnels.map(({ name, publicUrl, protocol, target, route }) => {
      const { requests, visits } = traffic.ofRoute(route)
      return { name, publicUrl, protocol, target, requests: requests.count, visits: visits.count }
    }),
    held: { exchanges: exchanges.size, bytes: exchanges.bytes, maxBytes: maxHeldBytes },
    unkept: traffic.unkept,
    bucketS: bucketMs / 1_000,
    agoS: series.map(({ agoS }) => agoS),
    requests: series.map(({ requests }) => requests),
    failed: series.map(({ failed }) => failed),
    bytesIn: series.map(({ bytesIn }) => bytesIn),
    bytesOut: series.map(({ bytesOut }) => bytesOut),
    p50: series.map(({ latency }) => latency?.p50 ?? null),
    p95: series.map(({ latency }) => latency?.p95 ?? null),
    p99: series.map(({ latency }) => latency?.p99 ?? null),
  }
}
