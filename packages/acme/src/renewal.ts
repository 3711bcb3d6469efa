// When a certificate is to be renewed: when the authority says (ARI, RFC 9773 §4.2), or at half of its
// life, with jitter so that many do not come at once.
import { z } from 'zod'
import type { Authority } from './authority.ts'
import { maxLookMs, minLookMs } from './limits.ts'
import { renewalId } from './renewal-id.ts'

/** Whatever the authority suggests: later, an outage of it would be ours. */
const latestShareOfLife = 0.9

const usualShareOfLife = 0.5
const jitterShareOfLife = 0.1

export interface Life {
  /** Milliseconds since 1970, as all here. */
  readonly validFromMs: number
  readonly validToMs: number
}

export interface RenewalWindow {
  readonly startMs: number
  readonly endMs: number
}

/** `random` is from 0 to below 1, and the same for one certificate. */
export function renewalTime(
  { validFromMs, validToMs }: Life,
  window: RenewalWindow | undefined,
  random: number,
): number {
  const life = validToMs - validFromMs
  if (!window) return validFromMs + life * (usualShareOfLife + jitterShareOfLife * random)
  const chosen = window.startMs + (window.endMs - window.startMs) * random
  return Math.min(chosen, validFromMs + life * latestShareOfLife)
}

const renewalInfo = z.object({
  suggestedWindow: z.object({
    start: z.iso.datetime({ offset: true }),
    end: z.iso.datetime({ offset: true }),
  }),
})

export interface RenewalAdvice {
  readonly window: RenewalWindow | undefined
  /** After which to ask again. */
  readonly lookAgainMs: number
}

/** Asks the authority; who has no answer has no advice. */
export async function askForRenewal(
  authority: Authority,
  certificate: string,
  signal: AbortSignal,
): Promise<RenewalAdvice> {
  const none = { window: undefined, lookAgainMs: maxLookMs }
  try {
    const { renewalInfo: url } = await authority.directory(signal)
    const id = renewalId(certificate)
    if (url === undefined || id === undefined) return none
    const reply = await authority.get('renewal information', `${url}/${id}`, renewalInfo, signal)
    const { start, end } = reply.value.suggestedWindow
    const window = { startMs: Date.parse(start), endMs: Date.parse(end) }
    if (window.endMs <= window.startMs) return none
    const lookAgainMs = Math.max(minLookMs, Math.min(reply.retryAfterMs ?? maxLookMs, maxLookMs))
    return { window, lookAgainMs }
  } catch {
    return none
  }
}
