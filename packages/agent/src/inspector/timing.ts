// Where an exchange's time went.
import type { Exchange } from './exchange.ts'
import type { Timing } from './wire.ts'

export function timingOf({ requestEndMs, responseHeadMs, endMs }: Exchange): Timing {
  // An answer may come before the request is whole, or in place of it.
  const asked = min(requestEndMs, responseHeadMs, endMs)
  if (asked === undefined) return {}
  const answered = min(responseHeadMs, endMs)
  return {
    tunnelMs: asked,
    ...(answered !== undefined && { originMs: answered - asked }),
    ...(answered !== undefined && endMs !== undefined && { transferMs: endMs - answered }),
  }
}

function min(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
