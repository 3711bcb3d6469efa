// Says in time that a certificate expires: once for each threshold, and once when it is too late.
import { expiryWarningsMs } from '../limits.ts'
import type { CertificatePair } from './certificate-pair.ts'

export type ExpiryState = 'good' | 'expiring' | 'expired'

/** What is renewed by itself is late only when a good part of its life is gone. */
const lateShareOfLife = 1 / 5

/** The thresholds of a certificate that are passed. 0 is its end. */
function passed(pair: CertificatePair, nowMs: number): readonly number[] {
  const { source, validFromMs, validToMs } = pair
  const most =
    source === 'files' ? Number.POSITIVE_INFINITY : (validToMs - validFromMs) * lateShareOfLife
  const left = validToMs - nowMs
  return [...expiryWarningsMs.map((ms) => Math.min(ms, most)), 0].filter((ms) => left <= ms)
}

export function expiryState(pair: CertificatePair, nowMs: number): ExpiryState {
  const thresholds = passed(pair, nowMs)
  if (thresholds.includes(0)) return 'expired'
  return thresholds.length > 0 ? 'expiring' : 'good'
}

export class ExpiryWatch {
  /** How many thresholds were told, by certificate. */
  #told = new Map<string, number>()

  /** Those of `pairs` that passed another threshold since the last look. `nowMs`: since 1970. */
  look(pairs: readonly CertificatePair[], nowMs: number): readonly CertificatePair[] {
    const told = new Map(
      pairs.map((pair) => [pair.leaf.fingerprint256, passed(pair, nowMs).length]),
    )
    const before = this.#told
    this.#told = told
    return pairs.filter(
      ({ leaf: { fingerprint256 } }) =>
        (told.get(fingerprint256) ?? 0) > (before.get(fingerprint256) ?? 0),
    )
  }
}
