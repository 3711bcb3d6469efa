// What `agent why` finds out, hop by hop. No code but the words for people.
import { type ErrorCode, SallyportError, isSallyportError } from '@sallyport/protocol'

/** The way in the order in which it is looked at: first this agent's to the relay, then a visitor's. */
export type HopName =
  | 'relay name'
  | 'relay port'
  | 'relay key'
  | 'session'
  | 'route'
  | 'public name'
  | 'public port'
  | 'certificate'
  | 'visit'
  | 'origin'

export interface Hop {
  readonly hop: HopName
  /** The public url that it belongs to; absent on the way to the relay. */
  readonly route?: string
  /** `warn`: visitors get through, and notice. `skipped`: could not be looked at. */
  readonly state: 'ok' | 'warn' | 'broken' | 'skipped'
  /** What was found, in one line. */
  readonly text: string
  readonly ms?: number
  /** Of a broken one. */
  readonly code?: ErrorCode
  /** What to do about it. */
  readonly fix?: string
}

/** What to do about a hop that broke with a code; docs/errors.md says more. */
const fixes: Partial<Record<ErrorCode, string>> = {
  SP_UNREACHABLE:
    'is the relay up (systemctl status, provisioner status), and does its firewall or security group let this port in?',
  SP_PIN_MISMATCH:
    'take a new join string if the relay was set up anew; otherwise somebody stands in between: do not go on',
  SP_KEY_REFUSED: 'on the relay: relay agents ls; if the agent is gone, relay agents add NAME',
  SP_NOT_PERMITTED: "on the relay: relay agents add NAME --allow '…' with what is asked for here",
  SP_ROUTE_HELD: 'ask for another name, stop the other agent, or give both --pool',
  SP_PORT_TAKEN: 'ask for another port, or free it on the relay (ss -ltnp)',
  SP_VERSION: 'bring relay and agent to the same release',
  SP_NO_AGENT: 'start the agent: agent connect TARGET --url URL; look at what it prints',
  SP_DNS_RECORD: "set the name's A or AAAA record to the relay's address, and wait for its TTL",
  SP_CHANNEL_TIMEOUT:
    'is the agent running and connected, and the service not stuck? agent connect says so when it is away',
  SP_ORIGIN_REFUSED: 'start the service, or correct TARGET',
  SP_ORIGIN_UNTRUSTED: '--origin-ca FILE, or --origin-insecure',
}

/** A hop that broke with that error. */
export function brokenHop(
  hop: HopName,
  error: SallyportError,
  rest: Pick<Hop, 'route' | 'ms' | 'fix'> = {},
): Hop {
  const fix = rest.fix ?? fixes[error.code]
  return {
    ...rest,
    hop,
    state: 'broken',
    text: error.message,
    code: error.code,
    ...(fix !== undefined && { fix }),
  }
}

/** What was thrown, as an error of ours. */
export function asFailure(thrown: unknown, code: ErrorCode): SallyportError {
  if (isSallyportError(thrown)) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new SallyportError(code, message, { cause: thrown })
}
