// The certificates of routes whose TLS ends at the agent, in the agent's own words: settings in, events out.
import type { AgentEvent } from '../events.ts'
import type { AgentWorld } from '../agent-world.ts'
import { type CertificateSettings, OwnCertificates } from './own-certificates.ts'

/** Orders nothing before it is told of names. */
export function keepCertificates(
  settings: CertificateSettings,
  { clock, random }: Pick<AgentWorld, 'clock' | 'random'>,
  tell: (event: AgentEvent) => void,
): OwnCertificates {
  return new OwnCertificates({
    ...settings,
    random,
    clock: {
      // Certificates are valid by the calendar.
      now: Date.now,
      setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
      clearTimeout: (timer) => clock.clearTimeout(timer),
    },
    onCertificate: (name, validToMs, account) => {
      const validTo = new Date(validToMs).toISOString()
      tell({ event: 'certificate', name, validTo, account })
    },
    onFailure: (name, error, retryMs) => {
      const message = typeof error === 'string' ? error : error.message
      const retry = retryMs === undefined ? {} : { retrySeconds: Math.ceil(retryMs / 1_000) }
      tell({ event: 'certificate-failed', name, message, ...retry })
    },
  })
}
