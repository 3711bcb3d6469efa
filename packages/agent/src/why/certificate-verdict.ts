// What a browser would say to the certificate that visitors get. Pure: the certificate, the date and
// what TLS made of the chain go in.
import type { X509Certificate } from 'node:crypto'
import { isIp } from '@sallyport/protocol'

export interface CertificateVerdict {
  readonly state: 'ok' | 'warn' | 'broken'
  readonly text: string
  readonly fix?: string
}

export interface CertificateFacts {
  readonly certificate: X509Certificate
  /** What visitors type. */
  readonly host: string
  readonly today: Date
  /** Node's name of what is wrong with the chain; undefined: nothing. */
  readonly chainError: string | undefined
}

/** A certificate that ends sooner is worth a word: Let's Encrypt renews at 30 days. */
const soonMs = 14 * 24 * 60 * 60 * 1_000

/** No authority vouches for it, which is how a relay without a domain begins. */
const selfMade: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
])

const renewFix = 'renew it: relay check says where it comes from'

export function judgeCertificate(facts: CertificateFacts): CertificateVerdict {
  const { certificate, host, today, chainError } = facts
  const until = certificate.validToDate
  const days = Math.floor((until.getTime() - today.getTime()) / (24 * 60 * 60 * 1_000))
  if (certificate.validFromDate > today) {
    const from = dayOf(certificate.validFromDate)
    return { state: 'broken', text: `is not valid before ${from}`, fix: 'is the clock here right?' }
  }
  if (until <= today) {
    return { state: 'broken', text: `expired on ${dayOf(until)}`, fix: renewFix }
  }
  if (!isFor(certificate, host)) {
    const names = (certificate.subjectAltName ?? 'nobody').replaceAll(/DNS:|IP Address:/g, '')
    const fix = `visit it under a name that it is for, or get one for ${host}`
    // A self-made one says nothing to a browser in any case.
    if (chainError !== undefined && selfMade.has(chainError)) return selfSigned(until)
    return { state: 'broken', text: `is for ${names}, not for ${host}`, fix }
  }
  if (chainError !== undefined && selfMade.has(chainError)) return selfSigned(until)
  if (chainError !== undefined) {
    const isPartial = chainError === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
    return {
      state: 'broken',
      text: isPartial
        ? 'comes without the certificates between it and its authority, or nobody here knows that'
        : `is not trusted here (${chainError})`,
      fix: 'give the whole chain (fullchain.pem)',
    }
  }
  const text = `is trusted, until ${dayOf(until)}`
  if (until.getTime() - today.getTime() < soonMs) {
    return { state: 'warn', text: `${text}: ${days} days`, fix: renewFix }
  }
  return { state: 'ok', text }
}

function selfSigned(until: Date): CertificateVerdict {
  return {
    state: 'warn',
    text: `is the relay's own, until ${dayOf(until)}: browsers warn, curl wants -k`,
    fix: 'a certificate of an authority, for visitors who are not you',
  }
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isIp(host) ? certificate.checkIP(host) : certificate.checkHost(host)
  return found !== undefined
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
