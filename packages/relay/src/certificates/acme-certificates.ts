// Certificates that look after themselves: one for the relay's own name or address, and one for each name
// that an agent was granted and whose TLS ends here. For no other name anything is ever ordered.
import {
  type Authority,
  CertificateKeeper,
  type CertificateVault,
  type KeeperClock,
  type KeptCertificate,
  directoryId,
  whyNotCertified,
} from '@sallyport/acme'
import { isIp } from '@sallyport/protocol'
import type { AcmeConfig } from '../config.ts'
import { maxAcmeNames } from '../limits.ts'
import type { RelayEvent } from '../relay-event.ts'
import { type CertificatePair, covers, parsePair } from './certificate-pair.ts'
import type { CertificateStore } from './certificate-store.ts'
import type { ChallengeAnswers } from './challenge-answers.ts'
import { OrderTurns } from './order-turns.ts'

export interface AcmeCertificatesOptions {
  readonly config: AcmeConfig
  readonly authority: Authority
  readonly vault: CertificateVault
  readonly host: string
  readonly store: CertificateStore
  readonly answers: ChallengeAnswers
  readonly clock: KeeperClock
  readonly random: () => number
  /** Whether an agent has the name. */
  isNameServed(name: string): boolean
  onEvent(event: RelayEvent): void
  onWarning(text: string): void
  /** A certificate is there, and may already be late. */
  onChange(): void
}

export class AcmeCertificates implements Disposable {
  readonly #options: AcmeCertificatesOptions
  readonly #keepers = new Map<string, CertificateKeeper>()
  readonly #pairs = new Map<string, CertificatePair>()
  readonly #turns: OrderTurns
  readonly #refused = new Set<string>()

  constructor(options: AcmeCertificatesOptions) {
    this.#options = options
    this.#turns = new OrderTurns(options.clock)
  }

  /** A name or an address is served, or about to be. */
  want(name: string): void {
    const known = this.#keepers.get(name)
    if (known) {
      known.wake()
      return
    }
    const why = this.#whyNot(name)
    if (why !== undefined) {
      this.#refuse(name, why)
      return
    }
    const keeper = this.#createKeeper(name)
    this.#keepers.set(name, keeper)
    keeper.start().catch((error: unknown) => {
      // It is asked for again when its agent registers again.
      this.#keepers.delete(name)
      this.#refuse(name, error instanceof Error ? error.message : String(error))
    })
  }

  #whyNot(name: string): string | undefined {
    const { store, config } = this.#options
    const isCovered = store.list().some((pair) => pair.source === 'files' && covers(pair, name))
    if (isCovered) return 'a certificate file covers it'
    if (this.#keepers.size >= maxAcmeNames) return `there are ${maxAcmeNames} already`
    return whyNotCertified(name, config.directory)
  }

  #refuse(name: string, why: string): void {
    if (this.#refused.size >= maxAcmeNames || this.#refused.has(name)) return
    this.#refused.add(name)
    this.#options.onWarning(`no certificate is ordered for ${name}: ${why}`)
  }

  #createKeeper(name: string): CertificateKeeper {
    const { config, authority, vault, host, answers, clock, random, onEvent, onWarning } =
      this.#options
    const id = directoryId(config.directory.url)
    return new CertificateKeeper({
      authority,
      names: [name],
      profile: config.profile,
      // Authorities certify addresses for days only.
      preferredProfile: isIp(name) ? 'shortlived' : undefined,
      responder: answers,
      vault,
      file: `${name.replaceAll(':', '_')}-${id}.pem`,
      clock,
      random,
      isWanted: () => name === host || this.#options.isNameServed(name),
      inTurn: (work) => this.#turns.run(work),
      onCertificate: (certificate) => this.#use(name, certificate),
      onNotKept: (error) => onWarning(String(error)),
      onFailure: ({ code, message }, retryMs) =>
        onEvent({
          event: 'certificate-failed',
          names: [name],
          code,
          reason: message,
          retrySeconds: Math.ceil(retryMs / 1_000),
        }),
    })
  }

  #use(name: string, { key, chain }: KeptCertificate): void {
    const { store, onEvent, onChange } = this.#options
    const chainPlace = `the certificate for ${name}`
    const pair = parsePair({ source: 'acme', key, chain, keyPlace: `its key`, chainPlace })
    this.#pairs.set(name, pair)
    store.replace('acme', [...this.#pairs.values()])
    const validTo = new Date(pair.validToMs).toISOString()
    onEvent({ event: 'certificate', state: 'loaded', source: 'acme', names: pair.names, validTo })
    onChange()
  }

  [Symbol.dispose](): void {
    for (const keeper of this.#keepers.values()) keeper[Symbol.dispose]()
    this.#turns[Symbol.dispose]()
  }
}
