// What an agent tells of itself: the events of the embedding API and the lines of `--json` alike.
import type { ErrorCode } from '@sallyport/protocol'
import type { Advice } from './doctor/dev-server.ts'
import type { VisitReport } from './visit-report.ts'
import type { KnockReport } from './knock.ts'

/** A route as visitors see it. */
export interface PublicRoute {
  /** The agent's own word for it: r0, r1… in the order in which they were asked for. */
  readonly id: string
  /** `https://name`, `tcp://host:port`. */
  readonly url: string
  /** Where its visitors go: `localhost:3000`. */
  readonly target: string
}

interface Failure {
  readonly code: ErrorCode
  readonly message: string
}

/** Each event by its name; every payload is one object of plain values. */
export interface AgentEvents {
  /** The inspector's page is there; `link` is it with the token of this run. Of the program only. */
  inspecting: { readonly url: string; readonly link: string }
  /** Visitors can come; after an outage again, and the urls may be others. */
  ready: { readonly url: string; readonly routes: readonly PublicRoute[] }
  /** No session is left: visitors are parked by the relay, if there is one. */
  lost: Failure
  /** A session (0 to 7) is not there; the next dial begins in `delayMs`. */
  reconnecting: Failure & { readonly connection: number; readonly delayMs: number }
  /** The relay refuses this agent for good, or cannot be trusted. `stopped` follows. */
  refused: Failure
  /** An origin refuses (at start: nothing listens there), or answers again. Told on change only. */
  origin: {
    readonly target: string
    readonly state: 'refused' | 'answering'
    readonly message: string
  }
  /** A development server refuses the public name, and what to change there. Told once of each. */
  advice: Advice & { readonly target: string }
  /** The relay says something for people. */
  notice: Failure
  /** No new visitors from now on: `by` whose wish. */
  draining: { readonly by: 'agent' | 'relay' }
  /** An unknown visitor was let in or not. */
  knock: KnockReport
  /** Visitors of the name get a certificate whose key is here. */
  certificate: {
    readonly name: string
    /** ISO 8601. */
    readonly validTo: string
    /** The authority's word for us: `accounturi` of a CAA record (RFC 8657) lets nobody else in. */
    readonly account: string
  }
  /** None was issued; one that is valid stays in use. */
  'certificate-failed': {
    readonly name: string
    readonly message: string
    /** Absent: it is not tried again by itself. */
    readonly retrySeconds?: number
  }
  /** A visit is over. */
  visit: Omit<VisitReport, 'error'> & { readonly message: string | undefined }
  /** The agent has ended; with a failure when that was not asked for. */
  stopped: Partial<Failure>
}

export type AgentEventName = keyof AgentEvents

/** An event with its name, as one value. */
export type AgentEvent = {
  [Name in AgentEventName]: { readonly event: Name } & AgentEvents[Name]
}[AgentEventName]
