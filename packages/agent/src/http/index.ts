// What the rest of the agent takes from the HTTP edge.
export { AddressSet, type AddressRules } from './address-rules.ts'
export { parseAuthority } from './authority.ts'
export { BasicAuth, formatPasswordLine, parsePasswordFile } from './basic-auth.ts'
export type {
  Http2Target,
  HttpTarget,
  OriginDial,
  OriginDialEvents,
  OriginEnd,
  VisitorStream,
} from './ends.ts'
export type {
  ExchangeObserver,
  ExchangeOutcome,
  ExchangeTap,
  TappedRequest,
  TappedResponse,
} from './exchange-tap.ts'
export { type HeaderRules, parseHeaderRules } from './header-rules.ts'
export { type HttpEdge, type HttpEdgeOptions, startHttpEdge, type Visit } from './http-edge.ts'
export { type PathTarget, PathTargets } from './path-targets.ts'
export type { HttpPolicy } from './request-gate.ts'
export { createServerTarget } from './server-target.ts'
