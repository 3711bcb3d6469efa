// Visitors who may always come in, by address and public url. Kept by a store, if there is one: the
// agent's file (known-visitors-file.ts).
import { maxKnownVisitors } from './limits.ts'

export interface KnownVisitor {
  /** IP address. */
  readonly visitor: string
  /** The public url. */
  readonly url: string
}

/** Where they outlive the agent. */
export interface KnownVisitorsStore {
  read(): Promise<readonly KnownVisitor[]>
  /** Keeps one more; the oldest makes room. */
  add(one: KnownVisitor): Promise<void>
  /** It could not be kept. */
  onFailure(error: unknown): void
}

export class KnownVisitors {
  /** The one added last is the last. */
  readonly #known = new Map<string, KnownVisitor>()
  readonly #store: KnownVisitorsStore | undefined
  #saved: Promise<void> = Promise.resolve()

  constructor(store?: KnownVisitorsStore) {
    this.#store = store
  }

  /** Takes what the store has in place of what is here. @throws what the store throws. */
  async load(): Promise<void> {
    await this.#saved
    const known = (await this.#store?.read()) ?? []
    this.#known.clear()
    for (const one of known) this.#known.set(keyOf(one), one)
  }

  has(one: KnownVisitor): boolean {
    return this.#known.has(keyOf(one))
  }

  /** At once here, and a little later in the store. The oldest makes room. */
  add({ visitor, url }: KnownVisitor): void {
    const [oldest] = this.#known.keys()
    if (this.#known.size >= maxKnownVisitors && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(keyOf({ visitor, url }), { visitor, url })
    const store = this.#store
    if (!store) return
    this.#saved = this.#saved
      .then(() => store.add({ visitor, url }))
      .catch((error: unknown) => store.onFailure(error))
  }

  /** Resolves, and never rejects, when all that was added has been kept or could not be. */
  get saved(): Promise<void> {
    return this.#saved
  }
}

function keyOf({ visitor, url }: KnownVisitor): string {
  return `${visitor} ${url}`
}
