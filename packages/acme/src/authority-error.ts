// What an authority answers instead of what was asked for (RFC 7807, RFC 8555 §6.7), as an error.
import { SallyportError, quote } from '@sallyport/protocol'
import { z } from 'zod'
import { maxDetailChars } from './limits.ts'

/** The cause of an SP_ACME error, for who decides what comes next. */
export interface Refusal {
  /** `rateLimited` of `urn:ietf:params:acme:error:rateLimited`; empty when nobody answered. */
  readonly kind: string
  /** How long the authority wants to be left alone. */
  readonly retryAfterMs: number | undefined
}

const problem = z.object({
  type: z.string().optional(),
  detail: z.string().optional(),
  subproblems: z.array(z.object({ detail: z.string().optional() })).optional(),
})

const prefix = 'urn:ietf:params:acme:error:'

export interface ProblemSource {
  /** What was being done. */
  readonly what: string
  readonly problem: unknown
  readonly status?: number
  readonly retryAfterMs?: number | undefined
}

export function refusedBy({ what, problem: given, status, retryAfterMs }: ProblemSource) {
  const { data } = problem.safeParse(given)
  const kind = data?.type?.startsWith(prefix) === true ? data.type.slice(prefix.length) : ''
  const details = [data?.detail, ...(data?.subproblems ?? []).map(({ detail }) => detail)]
  const said = details.flatMap((detail) =>
    detail === undefined ? [] : [quote(detail, maxDetailChars)],
  )
  const shown = [
    ...(status === undefined ? [] : [`HTTP ${status}`]),
    ...(kind === '' ? [] : [quote(kind).slice(1, -1)]),
    ...said,
  ]
  return acmeError(`${what}: the authority answered ${shown.join(', ')}`, { kind, retryAfterMs })
}

export function acmeError(message: string, refusal?: Partial<Refusal>): SallyportError {
  const cause: Refusal = { kind: refusal?.kind ?? '', retryAfterMs: refusal?.retryAfterMs }
  return new SallyportError('SP_ACME', message, { cause })
}

/** What an error tells of the authority's wishes. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause =
    error instanceof SallyportError && error.code === 'SP_ACME' ? error.cause : undefined
  return isRefusal(cause) ? cause : undefined
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && 'retryAfterMs' in value
}

/** Retry-After (RFC 9110 §10.2.3): seconds, or a date. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
