// Every way in which Sallyport refuses or fails, in one table. docs/errors.md lists the same codes
// (a test holds the two together); a retired code is never used again.

import { ExitCode } from './exit-code.ts'

interface ErrorRule {
  /** What happened, in one sentence; also the text of docs/errors.md. */
  readonly meaning: string
  readonly exit: ExitCode
  /** True when the same attempt may succeed later: the reconnect loop asks nothing else. */
  readonly retry: boolean
}

export const errorTable = {
  // --- what a person typed or wrote -------------------------------------------------------------
  SP_USAGE: {
    meaning: 'The command line is wrong: an unknown command or flag, or a value of the wrong form.',
    exit: ExitCode.usage,
    retry: false,
  },
  SP_CONFIG: {
    meaning: 'A setting from the environment, an env file or a configuration file is wrong.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_JOIN_STRING: {
    meaning: 'The join string is missing or not of the form sallyport://TOKEN@HOST:PORT?pin=….',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_STATE: {
    meaning: 'A file of the state directory is missing, unreadable, damaged or open to others.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_NO_AGENTS: {
    meaning: 'The relay knows no agent key, so nobody could prove who they are: it will not start.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_ADDRESS_TAKEN: {
    meaning: 'Another program listens on the address, or it may not be bound.',
    exit: ExitCode.addressTaken,
    retry: false,
  },
  // --- between agent and relay ------------------------------------------------------------------
  SP_UNREACHABLE: {
    meaning: 'The relay did not answer: no route, refused, timed out, or not a relay.',
    exit: ExitCode.unreachable,
    retry: true,
  },
  SP_PIN_MISMATCH: {
    meaning: 'The relay showed another key than the one that the join string pins.',
    exit: ExitCode.pinMismatch,
    retry: false,
  },
  SP_KEY_REFUSED: {
    meaning: 'The relay does not know the agent key, or the signature is not over this connection.',
    exit: ExitCode.refused,
    retry: false,
  },
  SP_NOT_PERMITTED: {
    meaning: 'The agent key may not claim the route that it asked for.',
    exit: ExitCode.refused,
    retry: false,
  },
  SP_ROUTE_HELD: {
    meaning: 'Another agent key holds the route, and it is not shared as a pool.',
    exit: ExitCode.refused,
    retry: false,
  },
  SP_PORT_TAKEN: {
    meaning: 'The relay cannot listen on the public port that the route asks for.',
    exit: ExitCode.refused,
    retry: false,
  },
  SP_REPLACED: {
    meaning: 'A newer session of the same agent key holds the routes.',
    exit: ExitCode.replaced,
    retry: false,
  },
  SP_DRAINING: {
    meaning: 'The other end is shutting down and takes no new work.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_SESSION_LOST: {
    meaning: 'The connection between agent and relay broke.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_DEAD_PEER: {
    meaning: 'The other end answered no ping within the heartbeat time.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_PROTOCOL: {
    meaning: 'The other end broke the wire protocol (docs/protocol.md).',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_VERSION: {
    meaning: 'The two ends speak no common version of the protocol.',
    exit: ExitCode.refused,
    retry: false,
  },
  SP_NO_AGENT: {
    meaning: 'No agent serves the public address.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_CERTIFICATE: {
    meaning:
      'Visitors get a certificate that they refuse: expired, for another name, or incomplete.',
    exit: ExitCode.failure,
    retry: false,
  },
  // --- streams ----------------------------------------------------------------------------------
  SP_STREAM_RESET: {
    meaning: 'The other end reset the stream.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_STREAM_LIMIT: {
    meaning: 'A session, an agent or a route has as many open streams as it may have.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_ORIGIN_REFUSED: {
    meaning: 'Nothing listens at the target, or it refused the connection.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_ORIGIN_UNTRUSTED: {
    meaning: "The origin's TLS failed, or its certificate is not trusted.",
    exit: ExitCode.failure,
    retry: false,
  },
  SP_ORIGIN_HOST: {
    meaning: 'The service refuses the public host name, as development servers do.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_ORIGIN_LOST: {
    meaning: 'The origin closed the connection before its answer was complete.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_ORIGIN_BAD_RESPONSE: {
    meaning: 'The origin answered with something that is not unambiguous HTTP.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_ORIGIN_TIMEOUT: {
    meaning: 'The origin sent nothing for as long as --origin-timeout allows.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_CHANNEL_TIMEOUT: {
    meaning: 'No origin accepted the visitor within the channel timeout.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_AGENT_AWAY: {
    meaning: 'No agent serves the route at the moment.',
    exit: ExitCode.failure,
    retry: false,
  },
  // --- HTTP (https routes) ----------------------------------------------------------------------
  SP_HTTP_BAD_REQUEST: {
    meaning: 'A request is malformed, or where it ends is ambiguous: it was not passed on.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_HEAD_TOO_LARGE: {
    meaning:
      "A request's head is larger, or has longer lines or more fields, than the agent takes.",
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_REQUEST_TIMEOUT: {
    meaning: "A request's head was not complete in time.",
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_UNSUPPORTED: {
    meaning:
      'A request asks for what a tunnel does not do: CONNECT, an unknown version or expectation.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_MISDIRECTED: {
    meaning: 'A request names another host than the TLS connection that it came on.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_BODY_TOO_LARGE: {
    meaning: 'A request body is larger than --max-body allows.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_UNAUTHORIZED: {
    meaning: 'The route asks for a user name and password, and the request has no right ones.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_FORBIDDEN: {
    meaning: 'The rules of the route do not let the address of the visitor in.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_NO_TARGET: {
    meaning: 'No target of the route covers the path of the request.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_HTTP_BUSY: {
    meaning: 'Too many passwords are being checked at once.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_KNOCK_DENIED: {
    meaning: 'The route asks unknown visitors to knock, and nobody let this one in.',
    exit: ExitCode.failure,
    retry: false,
  },
  // --- certificates -----------------------------------------------------------------------------
  SP_ACME: {
    meaning: 'A certificate authority refused what it was asked for, or cannot be reached.',
    exit: ExitCode.failure,
    retry: true,
  },
  // --- this program ----------------------------------------------------------------------------
  SP_ABORTED: {
    meaning: 'This end gave the work up: it was closed or destroyed by its own program.',
    exit: ExitCode.failure,
    retry: false,
  },
  // --- provisioner ------------------------------------------------------------------------------
  SP_STATE_BUSY: {
    meaning: 'Another provisioner is at work on the same state file.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_AWS_CREDENTIALS: {
    meaning: 'AWS has no credentials of this user, or does not take them: missing, wrong, expired.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_AWS_DENIED: {
    meaning: 'The AWS credentials are good, but their policy does not allow an action.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_AWS_CAPACITY: {
    meaning: 'AWS has no free machine of any of the types and zones that were tried.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_AWS_QUOTA: {
    meaning: 'A quota of the AWS account is used up.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_AWS_NETWORK: {
    meaning: 'The AWS account has no network for the instance: no default VPC, no usable subnet.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_AWS_IMAGE: {
    meaning: 'The machine image does not exist, is deprecated, or does not fit the instance type.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_AWS_NAME_TAKEN: {
    meaning: 'A security group of that name exists and is not ours.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_AWS_UNREACHABLE: {
    meaning: 'AWS did not answer, or asked for fewer requests for longer than we retry.',
    exit: ExitCode.unreachable,
    retry: true,
  },
  SP_AWS_FAILED: {
    meaning: 'AWS refused a request for a reason that has no code of its own here.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_DNS_ZONE: {
    meaning: 'No public hosted zone of the AWS account holds the name.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_DNS_RECORD: {
    meaning:
      'The DNS name has records that Sallyport did not write, or does not resolve as it must.',
    exit: ExitCode.configuration,
    retry: false,
  },
  SP_LEFTOVERS: {
    meaning: 'Something tagged as ours still stands after down.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_CLAIM_TIMEOUT: {
    meaning:
      'The new instance was not there to be claimed in time, or was claimed and no relay answers.',
    exit: ExitCode.failure,
    retry: true,
  },
  SP_CLAIM_REFUSED: {
    meaning: 'What answered is not the instance that was launched, or did not take the claim.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_UPGRADE_REFUSED: {
    meaning: 'The relay did not take a new bundle: its signature or version is not right.',
    exit: ExitCode.refused,
    retry: false,
  },
  SP_UPGRADE_FAILED: {
    meaning: 'The new bundle did not come up; the relay runs the one before.',
    exit: ExitCode.failure,
    retry: false,
  },
  SP_INTERNAL: {
    meaning: 'A fault of Sallyport itself: please report it with the message.',
    exit: ExitCode.failure,
    retry: false,
  },
} as const satisfies Record<string, ErrorRule>

export type ErrorCode = keyof typeof errorTable
