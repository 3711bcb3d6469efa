// Decides whether a request may go on to the origin: is it for this name, is its visitor let in, is the
// password right, is the body small enough. What the route allows is the policy; nothing is sent here.
import { SallyportError } from '@sallyport/protocol'
import { type AddressRules, type AddressSet, isAllowed } from './address-rules.ts'
import { type Authority, isForName } from './authority.ts'
import type { BasicAuth } from './basic-auth.ts'
import type { ForwardedFields } from './forwarded-fields.ts'
import type { HeaderRules } from './header-rules.ts'

/** What the user asked for on a route. Nothing set: everything passes, and Host is unchanged. */
export interface HttpPolicy {
  /** What the origin gets as Host (`--host-header`). */
  readonly hostHeader?: string | undefined
  readonly trustedProxies?: AddressSet | undefined
  readonly access?: AddressRules | undefined
  readonly basicAuth?: BasicAuth | undefined
  readonly requestHeaders?: HeaderRules | undefined
  readonly responseHeaders?: HeaderRules | undefined
  /** Largest request body (`--max-body`). */
  readonly maxBodyBytes?: number | undefined
  /** Longest silence of an origin that owes an answer (`--origin-timeout`), in ms. */
  readonly originTimeoutMs?: number | undefined
}

export interface RequestFacts {
  readonly authority: Authority | undefined
  readonly forwardedFor: string | undefined
  readonly authorization: string | undefined
  /** Declared size of the body; 0 when it is not known. */
  readonly bodyBytes: number
}

type Verdict = SallyportError | undefined

export class RequestGate {
  readonly #policy: HttpPolicy
  readonly #name: string | undefined
  readonly #forwarded: ForwardedFields

  /** `name`: what the visitor's TLS asked for, or else the route's public host. */
  constructor(policy: HttpPolicy, name: string | undefined, forwarded: ForwardedFields) {
    this.#policy = policy
    this.#name = name
    this.#forwarded = forwarded
  }

  /** The refusal, or undefined when the request may pass; a promise when a password is checked. */
  check(facts: RequestFacts): Verdict | Promise<Verdict> {
    const { access, basicAuth, maxBodyBytes } = this.#policy
    if (this.#name !== undefined && facts.authority && !isForName(facts.authority, this.#name)) {
      return refused('SP_HTTP_MISDIRECTED', 'the request names another host than its connection')
    }
    if (access && !isAllowed(access, this.#forwarded.clientAddress(facts.forwardedFor))) {
      return refused('SP_HTTP_FORBIDDEN', 'the address of the visitor is not let in')
    }
    if (maxBodyBytes !== undefined && facts.bodyBytes > maxBodyBytes) return bodyTooLarge()
    return basicAuth ? checkPassword(basicAuth, facts.authorization) : undefined
  }
}

export function bodyTooLarge(): SallyportError {
  return refused('SP_HTTP_BODY_TOO_LARGE', 'the request body is larger than allowed')
}

function checkPassword(
  auth: BasicAuth,
  authorization: string | undefined,
): Verdict | Promise<Verdict> {
  const wrong = refused('SP_HTTP_UNAUTHORIZED', 'a name and password are needed')
  const asError = (error: unknown): Verdict =>
    error instanceof SallyportError
      ? error
      : new SallyportError('SP_INTERNAL', 'the password could not be checked', { cause: error })
  try {
    const isRight = auth.check(authorization)
    if (typeof isRight === 'boolean') return isRight ? undefined : wrong
    return isRight.then((right) => (right ? undefined : wrong), asError)
  } catch (error) {
    return asError(error)
  }
}

function refused(code: SallyportError['code'], message: string): SallyportError {
  return new SallyportError(code, message)
}
