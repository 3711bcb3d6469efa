// What a relay tells the program around it: facts, no texts.
import type { ErrorCode } from '@sallyport/protocol'
import type { CertificateSource } from './certificates/certificate-pair.ts'
import type { VisitReport } from './visitor.ts'

export type CertificateState = 'loaded' | 'expiring' | 'expired'

export type RelayEvent =
  /** Visitors and agents can come. `address` is HOST:PORT, `host` the public name or address. */
  | {
      readonly event: 'listening'
      readonly address: string
      readonly host: string
      /** HOST:PORT of metrics and health, where there is one. */
      readonly admin?: string
    }
  /** A session of an agent stands. */
  | {
      readonly event: 'agent-joined'
      readonly agent: string
      readonly key: string
      readonly connection: number
      readonly software: string
      readonly from: string
    }
  | {
      readonly event: 'agent-left'
      readonly agent: string
      readonly key: string
      readonly connection: number
      readonly code: ErrorCode
      readonly reason: string
    }
  /** Somebody came to the agent door with no valid proof. */
  | { readonly event: 'agent-refused'; readonly from: string }
  /** Somebody came to the deploy door with no valid proof. */
  | { readonly event: 'deploy-refused'; readonly from: string }
  /** An agent asked for what it does not get; its session is closed. */
  | {
      readonly event: 'register-refused'
      readonly agent: string
      readonly key: string
      readonly code: ErrorCode
      readonly reason: string
    }
  | {
      readonly event: 'route'
      readonly url: string
      readonly agent: string
      readonly generation: number
      /** served: by one more session; away: its agent is gone, visitors wait; released: it is free. */
      readonly state: 'granted' | 'served' | 'taken-over' | 'away' | 'released'
    }
  /** The origin behind one agent's route answers again, or no longer. */
  | {
      readonly event: 'health'
      readonly url: string
      readonly agent: string
      readonly alive: boolean
    }
  /** A visit is over. */
  | {
      readonly event: 'visit'
      readonly route: string
      /** Whose session served it; absent: none did. */
      readonly agent?: string
      readonly visitor: string
      readonly bytesIn: number
      readonly bytesOut: number
      readonly ms: number
      readonly endedBy: VisitReport['endedBy']
      readonly reason?: string
    }
  /** The route is not for visitors from there. */
  | { readonly event: 'visitor-denied'; readonly route: string; readonly visitor: string }
  /** What visitors get was read, or ends soon (docs/configuration.md), or has ended. */
  | {
      readonly event: 'certificate'
      readonly state: CertificateState
      readonly source: CertificateSource
      readonly names: readonly string[]
      /** ISO 8601. */
      readonly validTo: string
    }
  /** No certificate was issued; one that is valid stays in use. */
  | {
      readonly event: 'certificate-failed'
      readonly names: readonly string[]
      readonly code: ErrorCode
      readonly reason: string
      readonly retrySeconds: number
    }
  | { readonly event: 'draining'; readonly visitors: number }
  /** The program ends; with a code when it did not want to. */
  | {
      readonly event: 'stopped'
      readonly exit: number
      readonly code?: ErrorCode
      readonly message?: string
    }
