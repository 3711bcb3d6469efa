// The certificates that visitors get, by the name that they ask for. Changed while visitors come: those
// who are in keep what they got. Knows no files and no authority.
import { maxServerNames } from '../limits.ts'
import {
  type CertificatePair,
  type CertificateSource,
  certificateSources,
  covers,
} from './certificate-pair.ts'

export interface CertificateStoreOptions {
  /** At which visitors reach the relay: the certificate of who names nothing. */
  readonly host: string
  /** Milliseconds since 1970. */
  now(): number
  /** There is always one, for whom no other fits. */
  readonly fallback: CertificatePair
}

export class CertificateStore {
  readonly #options: CertificateStoreOptions
  readonly #pairs = new Map<CertificateSource, readonly CertificatePair[]>()
  /** By name asked for; the one asked for longest ago comes first. */
  readonly #chosen = new Map<string, CertificatePair>()
  readonly #listeners = new Set<() => void>()

  constructor(options: CertificateStoreOptions) {
    this.#options = options
    this.#pairs.set(options.fallback.source, [options.fallback])
  }

  /** Puts `pairs` in the place of all of their source. */
  replace(source: CertificateSource, pairs: readonly CertificatePair[]): void {
    this.#pairs.set(source, pairs)
    this.refresh()
  }

  /** Chooses anew: time has passed. */
  refresh(): void {
    this.#chosen.clear()
    for (const listener of this.#listeners) listener()
  }

  /** Tells when another certificate may be the one of who names nothing. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  list(): readonly CertificatePair[] {
    return certificateSources.flatMap((source) => this.#pairs.get(source) ?? [])
  }

  /** What a visitor gets who asks for `name`, or for none. */
  pairOf(name = this.#options.host): CertificatePair {
    const known = this.#chosen.get(name)
    const pair = known ?? this.#choose(name)
    this.#chosen.delete(name)
    this.#chosen.set(name, pair)
    const [oldest] = this.#chosen.keys()
    if (this.#chosen.size > maxServerNames && oldest !== undefined) this.#chosen.delete(oldest)
    return pair
  }

  /** Of those that cover the name one that is valid now; else what a person put there, or ours. */
  #choose(name: string): CertificatePair {
    const pairs = this.list()
    const now = this.#options.now()
    const isValid = (pair: CertificatePair): boolean =>
      pair.validFromMs <= now && now < pair.validToMs
    const fitting = pairs.filter((pair) => covers(pair, name))
    const ofAPerson = pairs.find(({ source }) => source === 'files')
    return (
      fitting.find(isValid) ?? fitting[0] ?? ofAPerson ?? pairs.at(-1) ?? this.#options.fallback
    )
  }
}
