// A request's head, read and put before the gate: all that is decided before an origin is needed.
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget } from './ends.ts'
import type { HeadParser } from './head-parser.ts'
import { noClaims, readClaims } from './request-claims.ts'
import { type RequestHead, parseRequestHead } from './request-head.ts'

export interface RequestPass {
  readonly request: RequestHead
  /** Its forwarding fields, lines with CRLF. */
  readonly forwarded: Buffer
  /** Undefined when no target covers the path. */
  readonly target: HttpTarget | undefined
  /** Why it may not go on. */
  readonly verdict: SallyportError | undefined | Promise<SallyportError | undefined>
}

/** @throws {SallyportError} SP_HTTP_BAD_REQUEST or SP_HTTP_UNSUPPORTED. */
export function readRequest(setup: EdgeSetup, parser: HeadParser): RequestPass {
  const { forwarded, gate, policy, targets } = setup
  const request = parseRequestHead(parser)
  const needsClaims = forwarded.trustsVisitor || policy.basicAuth !== undefined
  const claims = needsClaims ? readClaims(parser) : noClaims
  const host = request.host ?? setup.defaultHost
  return {
    request,
    forwarded: forwarded.block(host, claims),
    target: targets.only ?? targets.find(request.line.target),
    verdict: gate.check({
      authority: request.authority,
      forwardedFor: claims.forwardedFor,
      authorization: claims.authorization,
      bodyBytes: request.body.bytes,
    }),
  }
}
