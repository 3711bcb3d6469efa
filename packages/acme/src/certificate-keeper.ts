// Keeps one certificate alive: takes it from the vault, orders it, renews it in time, tries again after
// failures, ever more slowly. What is valid is never given up, whatever happens to its successor.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { SallyportError, isSallyportError } from '@sallyport/protocol'
import { acmeError, refusalOf } from './authority-error.ts'
import type { Authority } from './authority.ts'
import type { ChallengeResponder } from './challenge.ts'
import { firstRetryMs, maxLookMs, maxRetryAfterMs, maxRetryMs, orderTimeoutMs } from './limits.ts'
import type { CertificateVault } from './open-authority.ts'
import { orderCertificate } from './order.ts'
import { askForRenewal, renewalTime } from './renewal.ts'
import { renewalId } from './renewal-id.ts'
import { generateTlsKey } from './self-signed.ts'

/** The wall's time, because certificates go by it, and timers. */
export interface KeeperClock {
  /** Milliseconds since 1970. */
  now(): number
  setTimeout(callback: () => void, delayMs: number): object
  clearTimeout(timer: object): void
}

export interface KeptCertificate {
  /** PEM. */
  readonly key: string
  /** PEM, the certificate first. */
  readonly chain: string
  readonly validFromMs: number
  readonly validToMs: number
}

export interface KeeperOptions {
  readonly authority: Authority
  readonly names: readonly string[]
  readonly profile?: string | undefined
  /** Taken where the authority has it and `profile` says nothing. */
  readonly preferredProfile?: string | undefined
  readonly responder: ChallengeResponder
  readonly vault: CertificateVault
  /** Its name in the vault. */
  readonly file: string
  readonly clock: KeeperClock
  /** From 0 to below 1. */
  readonly random: () => number
  /** Whether it is worth an order now: else it is only kept. */
  isWanted(): boolean
  /** Runs an order when its turn has come. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** Of the vault or of the authority; from now on. */
  onCertificate(certificate: KeptCertificate): void
  /** The vault would not take it. */
  onNotKept(error: unknown): void
  /** `retryMs`: after which it is tried again. */
  onFailure(error: SallyportError, retryMs: number): void
}

export class CertificateKeeper implements Disposable {
  readonly #options: KeeperOptions
  readonly #end = new AbortController()
  #kept: KeptCertificate | undefined
  /** Where in the window of its renewal this certificate stands. */
  #random: number
  #failures = 0
  #notBeforeMs = 0
  #timer: object | undefined
  #isLooking = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#random = options.random()
  }

  get certificate(): KeptCertificate | undefined {
    return this.#kept
  }

  /** Takes what the vault has; the rest happens by itself. @throws what the vault throws. */
  async start(): Promise<void> {
    const { vault, file, clock, onCertificate } = this.#options
    const text = await vault.read(file)
    const kept = text === undefined ? undefined : parse(text)
    if (kept && kept.validToMs > clock.now()) {
      this.#kept = kept
      onCertificate(kept)
    }
    this.wake()
  }

  /** It is wanted now, or may be. */
  wake(): void {
    if (this.#isLooking || this.#end.signal.aborted) return
    this.#isLooking = true
    void this.#look().then((nextMs) => {
      this.#isLooking = false
      this.#lookIn(nextMs)
    })
  }

  #lookIn(delayMs: number): void {
    const { clock } = this.#options
    if (this.#timer) clock.clearTimeout(this.#timer)
    if (this.#end.signal.aborted) return
    this.#timer = clock.setTimeout(() => this.wake(), Math.min(Math.max(0, delayMs), maxLookMs))
  }

  /** @returns in how many milliseconds to look again. */
  async #look(): Promise<number> {
    const { authority, clock, isWanted } = this.#options
    if (!isWanted()) return maxLookMs
    const kept = this.#kept
    if (kept) {
      const advice = await askForRenewal(authority, kept.chain, this.#end.signal)
      const leftMs = renewalTime(kept, advice.window, this.#random) - clock.now()
      if (leftMs > 0) return Math.min(leftMs, advice.lookAgainMs)
    }
    const waitMs = this.#notBeforeMs - clock.now()
    return waitMs > 0 ? waitMs : await this.#order(kept)
  }

  async #order(kept: KeptCertificate | undefined): Promise<number> {
    const { inTurn, vault, file, onCertificate, onNotKept, onFailure, clock, random } =
      this.#options
    try {
      const next = await inTurn(() => this.#obtain(kept))
      // Used even when it cannot be kept: but then the next start orders another one.
      await vault.write(file, next.key + next.chain).catch(onNotKept)
      this.#kept = next
      this.#failures = 0
      this.#random = random()
      onCertificate(next)
      return 0
    } catch (error) {
      if (this.#end.signal.aborted) return maxLookMs
      const shown = isSallyportError(error) ? error : acmeError(`order: ${String(error)}`)
      const retryMs = this.#backOff(refusalOf(error)?.retryAfterMs ?? 0)
      this.#notBeforeMs = clock.now() + retryMs
      onFailure(shown, retryMs)
      return retryMs
    }
  }

  async #obtain(kept: KeptCertificate | undefined): Promise<KeptCertificate> {
    const { authority, names, profile, preferredProfile, responder } = this.#options
    const late = AbortSignal.timeout(orderTimeoutMs)
    const key = generateTlsKey()
    try {
      const chain = await orderCertificate({
        authority,
        names,
        key,
        responder,
        profile,
        preferredProfile,
        attempt: this.#failures,
        replaces: kept && renewalId(kept.chain),
        signal: AbortSignal.any([this.#end.signal, late]),
      })
      return describe(key.export({ type: 'pkcs8', format: 'pem' }).toString(), chain)
    } catch (error) {
      if (!late.aborted) throw error
      throw acmeError(`order: not done after ${orderTimeoutMs / 60_000} minutes`)
    }
  }

  /** Doubled with each failure, with a fifth of jitter, and as long as the authority asks for. */
  #backOff(askedMs: number): number {
    const ms = Math.min(firstRetryMs * 2 ** Math.min(this.#failures, 30), maxRetryMs)
    this.#failures += 1
    return Math.max(ms * (0.9 + 0.2 * this.#options.random()), Math.min(askedMs, maxRetryAfterMs))
  }

  [Symbol.dispose](): void {
    this.#end.abort()
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
  }
}

function describe(key: string, chain: string): KeptCertificate {
  const { validFromDate, validToDate } = new X509Certificate(chain)
  return { key, chain, validFromMs: validFromDate.getTime(), validToMs: validToDate.getTime() }
}

/** Undefined for what is damaged: another one is ordered. */
function parse(text: string): KeptCertificate | undefined {
  const at = text.indexOf('-----BEGIN CERTIFICATE-----')
  const [key, chain] = [text.slice(0, Math.max(0, at)), text.slice(Math.max(0, at))]
  try {
    const isPair = new X509Certificate(chain).checkPrivateKey(createPrivateKey(key))
    return isPair ? describe(key, chain) : undefined
  } catch {
    return undefined
  }
}
