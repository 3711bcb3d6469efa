// The talk with one authority (RFC 8555): nonces, the account, signed questions. Knows no certificates;
// order.ts does.
import { z } from 'zod'
import { acmeError, parseRetryAfter, refusalOf, refusedBy } from './authority-error.ts'
import type { Answer, Ask } from './authority-link.ts'
import type { AccountKey } from './jws.ts'
import { maxNonceTries } from './limits.ts'

export interface AuthorityOptions {
  /** Its directory (RFC 8555 §7.1.1), https. */
  readonly directoryUrl: string
  readonly ask: Ask
  readonly key: AccountKey
  /** Whom the authority may write to. */
  readonly email?: string | undefined
  /** Milliseconds since 1970. */
  now(): number
}

const directorySchema = z.object({
  newNonce: z.url(),
  newAccount: z.url(),
  newOrder: z.url(),
  renewalInfo: z.url().optional(),
  meta: z.object({ profiles: z.record(z.string(), z.unknown()).optional() }).optional(),
})
export type Directory = z.output<typeof directorySchema>

/** The answer to a signed question. */
export interface Reply<T> {
  readonly value: T
  /** What was made, where something was. */
  readonly location: string | undefined
  readonly retryAfterMs: number | undefined
}

export class Authority {
  readonly #options: AuthorityOptions
  #directory: Promise<Directory> | undefined
  #account: Promise<string> | undefined
  /** Each good for one question. */
  readonly #nonces: string[] = []

  constructor(options: AuthorityOptions) {
    this.#options = options
  }

  get thumbprint(): string {
    return this.#options.key.thumbprint
  }

  /** What the authority offers. @throws {SallyportError} SP_ACME. */
  directory(signal?: AbortSignal): Promise<Directory> {
    this.#directory ??= this.#readDirectory(signal).catch((error: unknown) => {
      this.#directory = undefined
      throw error
    })
    return this.#directory
  }

  /**
   * A question signed by the account; without a payload it only reads.
   * @throws {SallyportError} SP_ACME.
   */
  async post<T>(
    what: string,
    url: string,
    schema: z.ZodType<T>,
    {
      payload,
      signal,
    }: { readonly payload?: unknown; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Reply<T>> {
    const kid = await this.accountUrl(signal)
    const answer = await this.#send(what, url, payload, kid, signal)
    return { ...this.#facts(answer), value: parse(what, answer.body, schema) }
  }

  /** The same for what is no JSON. */
  async postForText(what: string, url: string, signal?: AbortSignal): Promise<string> {
    const kid = await this.accountUrl(signal)
    return (await this.#send(what, url, undefined, kid, signal)).body
  }

  /** Public things, unsigned. @throws {SallyportError} SP_ACME. */
  async get<T>(
    what: string,
    url: string,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
  ): Promise<Reply<T>> {
    const answer = await this.#options.ask({ method: 'GET', url, signal })
    if (answer.status !== 200) throw this.#refused(what, answer)
    return { ...this.#facts(answer), value: parse(what, answer.body, schema) }
  }

  async #readDirectory(signal?: AbortSignal): Promise<Directory> {
    const { directoryUrl } = this.#options
    return (await this.get('directory', directoryUrl, directorySchema, signal)).value
  }

  /**
   * Our account there, made once; the authority gives the same for the same key (RFC 8555 §7.3.1).
   * @throws {SallyportError} SP_ACME.
   */
  accountUrl(signal?: AbortSignal): Promise<string> {
    this.#account ??= this.#makeAccount(signal).catch((error: unknown) => {
      this.#account = undefined
      throw error
    })
    return this.#account
  }

  async #makeAccount(signal?: AbortSignal): Promise<string> {
    const { newAccount } = await this.directory(signal)
    const { email } = this.#options
    const payload = {
      termsOfServiceAgreed: true,
      ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
    }
    const answer = await this.#send('account', newAccount, payload, undefined, signal)
    const { location } = this.#facts(answer)
    if (location === undefined) throw acmeError('account: the authority gave it no URL')
    return location
  }

  async #send(
    what: string,
    url: string,
    payload: unknown,
    kid: string | undefined,
    signal?: AbortSignal,
  ): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      const nonce = this.#nonces.pop() ?? (await this.#newNonce(signal))
      const body = this.#options.key.sign(payload, { url, nonce, kid })
      const answer = await this.#options.ask({ method: 'POST', url, body, signal })
      this.#keepNonce(answer)
      if (answer.status >= 200 && answer.status < 300) return answer
      const refusal = this.#refused(what, answer)
      if (refusalOf(refusal)?.kind !== 'badNonce' || tries >= maxNonceTries) throw refusal
    }
  }

  async #newNonce(signal?: AbortSignal): Promise<string> {
    const { newNonce } = await this.directory(signal)
    this.#keepNonce(await this.#options.ask({ method: 'HEAD', url: newNonce, signal }))
    const nonce = this.#nonces.pop()
    if (nonce === undefined) throw acmeError('nonce: the authority gave none')
    return nonce
  }

  #keepNonce({ headers }: Answer): void {
    const nonce = headers['replay-nonce']
    // One at a time is in use, and an old one may be worth nothing.
    if (typeof nonce === 'string') this.#nonces.splice(0, this.#nonces.length, nonce)
  }

  #facts({ headers }: Answer): Pick<Reply<unknown>, 'location' | 'retryAfterMs'> {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#options.now())
    return { location: headers.location, retryAfterMs }
  }

  #refused(what: string, answer: Answer): Error {
    const { retryAfterMs } = this.#facts(answer)
    return refusedBy({ what, problem: parseJson(answer.body), status: answer.status, retryAfterMs })
  }
}

function parse<T>(what: string, text: string, schema: z.ZodType<T>): T {
  const { data, error } = schema.safeParse(parseJson(text))
  if (error) throw acmeError(`${what}: the authority's answer is not of RFC 8555`)
  return data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
