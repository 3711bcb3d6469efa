// What a visitor over HTTP is answered, by the code of the error: the status, and which hop said no.
import type { ErrorCode } from './errors.ts'

/** Where on the way of a request it ended. */
export type Hop = 'visitor' | 'agent' | 'origin'

export interface Refusal {
  readonly status: number
  readonly reason: string
  readonly hop: Hop
}

const refusals: Readonly<Partial<Record<ErrorCode, Refusal>>> = {
  SP_HTTP_BAD_REQUEST: { status: 400, reason: 'Bad Request', hop: 'visitor' },
  SP_HTTP_UNAUTHORIZED: { status: 401, reason: 'Unauthorized', hop: 'visitor' },
  SP_HTTP_FORBIDDEN: { status: 403, reason: 'Forbidden', hop: 'visitor' },
  SP_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'Request Timeout', hop: 'visitor' },
  SP_HTTP_BODY_TOO_LARGE: { status: 413, reason: 'Content Too Large', hop: 'visitor' },
  SP_HTTP_MISDIRECTED: { status: 421, reason: 'Misdirected Request', hop: 'visitor' },
  SP_HTTP_HEAD_TOO_LARGE: {
    status: 431,
    reason: 'Request Header Fields Too Large',
    hop: 'visitor',
  },
  SP_HTTP_UNSUPPORTED: { status: 501, reason: 'Not Implemented', hop: 'visitor' },
  SP_HTTP_NO_TARGET: { status: 404, reason: 'Not Found', hop: 'agent' },
  SP_HTTP_BUSY: { status: 503, reason: 'Service Unavailable', hop: 'agent' },
  SP_AGENT_AWAY: { status: 503, reason: 'Service Unavailable', hop: 'agent' },
  SP_DRAINING: { status: 503, reason: 'Service Unavailable', hop: 'agent' },
  SP_ORIGIN_UNTRUSTED: { status: 502, reason: 'Bad Gateway', hop: 'origin' },
  SP_ORIGIN_REFUSED: { status: 502, reason: 'Bad Gateway', hop: 'origin' },
  SP_ORIGIN_LOST: { status: 502, reason: 'Bad Gateway', hop: 'origin' },
  SP_ORIGIN_BAD_RESPONSE: { status: 502, reason: 'Bad Gateway', hop: 'origin' },
  SP_ORIGIN_TIMEOUT: { status: 504, reason: 'Gateway Timeout', hop: 'origin' },
  SP_CHANNEL_TIMEOUT: { status: 504, reason: 'Gateway Timeout', hop: 'origin' },
}
const internal: Refusal = { status: 500, reason: 'Internal Server Error', hop: 'agent' }

export function refusalOf(code: ErrorCode): Refusal {
  return refusals[code] ?? internal
}
