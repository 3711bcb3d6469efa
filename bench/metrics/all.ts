// Every metric, in the order of a round: the short ones first.
import { besideBulk } from './beside-bulk.ts'
import { createBulk } from './bulk.ts'
import { firstByte } from './first-byte.ts'
import { halfClose } from './half-close.ts'
import { idleMemory } from './idle-memory.ts'
import { idleTls } from './idle-tls.ts'
import type { Metric } from './metric.ts'
import { newConnections } from './new-connections.ts'
import { reconnect } from './reconnect.ts'
import { requestRate } from './request-rate.ts'
import { singleRequest } from './single-request.ts'
import { stalledVisitors } from './stalled-visitors.ts'

const bulk = createBulk(1)
const bulkEight = createBulk(8)

export const allMetrics: readonly Metric[] = [
  bulk,
  bulkEight,
  requestRate,
  newConnections,
  singleRequest,
  besideBulk,
  firstByte,
  halfClose,
  idleMemory,
  stalledVisitors,
  idleTls,
  reconnect,
]

/** Over a WAN only what the path changes; on loopback all but the eight streams. */
export function defaultMetrics(wan: boolean): readonly Metric[] {
  if (wan) return [bulk, bulkEight, firstByte]
  return allMetrics.filter((metric) => metric !== bulkEight)
}
