// The certificates with which the agent itself ends its visitors' TLS, on passthrough routes: kept, ordered
// and renewed here, so that no key leaves this machine. The authority comes through the route itself.
import { type SecureContext, createSecureContext } from 'node:tls'
import {
  type AcmeDirectory,
  type Authority,
  CertificateKeeper,
  type CertificateVault,
  type Challenge,
  type ChallengeResponder,
  type KeeperClock,
  type KeptCertificate,
  createChallengeCertificate,
  directoryId,
  openAuthority,
  whyNotCertified,
} from '@sallyport/acme'
import { type SallyportError, isSallyportError } from '@sallyport/protocol'
import { software } from '../software.ts'
import { tlsPolicy } from './tls-policy.ts'

export interface CertificateSettings {
  readonly directory: AcmeDirectory
  readonly email?: string | undefined
  /** PEM of who issued the authority's own certificate; default: whom the system trusts. */
  readonly ca?: string | undefined
  /** Where keys and certificates stay between runs. */
  readonly vault: CertificateVault
}

export interface OwnCertificatesOptions extends CertificateSettings {
  readonly clock: KeeperClock
  readonly random: () => number
  /** From now on visitors of the name get it. `account`: for a CAA record (RFC 8657 §3). */
  onCertificate(name: string, validToMs: number, account: string): void
  /** `retryMs`: after which it is tried again; undefined: it is not. */
  onFailure(name: string, error: SallyportError | string, retryMs: number | undefined): void
}

export class OwnCertificates implements ChallengeResponder, Disposable {
  readonly types = ['tls-alpn-01'] as const
  readonly #options: OwnCertificatesOptions
  #authority: Promise<Authority> | undefined
  #wanted: ReadonlySet<string> = new Set()
  readonly #keepers = new Map<string, CertificateKeeper>()
  readonly #contexts = new Map<string, SecureContext>()
  readonly #challenges = new Map<string, SecureContext>()
  readonly #waiting = new Set<() => void>()

  constructor(options: OwnCertificatesOptions) {
    this.#options = options
  }

  /** The names that the relay has granted: theirs are ordered and renewed from now on. */
  keep(names: readonly string[]): void {
    this.#wanted = new Set(names)
    for (const name of names) {
      const keeper = this.#keepers.get(name)
      if (keeper) keeper.wake()
      else void this.#start(name)
    }
  }

  contextOf(name: string): SecureContext | undefined {
    return this.#contexts.get(name)
  }

  /** What an authority gets that asks for the name just now. */
  challengeContextOf(name: string): SecureContext | undefined {
    return this.#challenges.get(name)
  }

  /** Calls back each time that there is another certificate, until it is disposed of. */
  onChange(callback: () => void): Disposable {
    this.#waiting.add(callback)
    return { [Symbol.dispose]: () => void this.#waiting.delete(callback) }
  }

  present(challenge: Challenge): void {
    const made = createChallengeCertificate(challenge, new Date(this.#options.clock.now()))
    this.#challenges.set(challenge.name, createSecureContext({ ...tlsPolicy, ...made }))
  }

  withdraw({ name }: Challenge): void {
    this.#challenges.delete(name)
  }

  async #start(name: string): Promise<void> {
    const { directory, onFailure } = this.#options
    const why = whyNotCertified(name, directory)
    if (why !== undefined) {
      onFailure(name, why, undefined)
      return
    }
    try {
      this.#authority ??= openAuthority({
        ...this.#options,
        directoryUrl: directory.url,
        now: () => this.#options.clock.now(),
        userAgent: software,
      })
      const keeper = this.#createKeeper(name, await this.#authority)
      if (this.#keepers.has(name)) return
      this.#keepers.set(name, keeper)
      await keeper.start()
    } catch (error) {
      // Asked for again when the relay grants the name again.
      this.#authority = undefined
      this.#keepers.delete(name)
      onFailure(name, isSallyportError(error) ? error : String(error), undefined)
    }
  }

  #createKeeper(name: string, authority: Authority): CertificateKeeper {
    const { directory, vault, clock, random, onFailure } = this.#options
    return new CertificateKeeper({
      authority,
      names: [name],
      responder: this,
      vault,
      file: `${name}-${directoryId(directory.url)}.pem`,
      clock,
      random,
      isWanted: () => this.#wanted.has(name),
      inTurn: (work) => work(),
      onCertificate: (certificate) => void this.#use(name, certificate, authority),
      onNotKept: (error) => onFailure(name, String(error), undefined),
      onFailure: (error, retryMs) => onFailure(name, error, retryMs),
    })
  }

  async #use(
    name: string,
    { key, chain, validToMs }: KeptCertificate,
    authority: Authority,
  ): Promise<void> {
    this.#contexts.set(name, createSecureContext({ ...tlsPolicy, key, cert: chain }))
    for (const callback of this.#waiting) callback()
    const account = await authority.accountUrl().catch(() => '')
    this.#options.onCertificate(name, validToMs, account)
  }

  [Symbol.dispose](): void {
    for (const keeper of this.#keepers.values()) keeper[Symbol.dispose]()
    this.#keepers.clear()
  }
}
