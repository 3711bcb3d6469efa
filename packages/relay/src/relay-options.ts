// What a relay is started with, and the handle that one gets: the face of relay.ts.
import type { Clock } from '@sallyport/mux'
import type { DeployRequest, ListenAddress, PortRange } from '@sallyport/protocol'
import type { ChallengeAnswers } from './certificates/challenge-answers.ts'
import type { CertificateStore } from './certificates/certificate-store.ts'
import type { Agent, AgentKeys } from './agent-keys.ts'
import type { DeployAnswer } from './deploy-door.ts'
import type { GateLimits } from './gate.ts'
import type { ParkingOptions } from './parking.ts'
import type { RelayEvent } from './relay-event.ts'
import type { RelayStatus } from './relay-status.ts'
import type { RelayIdentity } from './relay-identity.ts'

export interface RelayOptions {
  /** The name or address at which agents and visitors reach the relay. */
  readonly host: string
  /** Where it listens; port 0 is for the system to pick. */
  readonly listen: ListenAddress
  /** Where plain HTTP is redirected to https; default nowhere. */
  readonly http?: ListenAddress | undefined
  /** Public TCP ports that agents may lease; default none. */
  readonly tcpPorts?: PortRange | undefined
  /** What agents see. */
  readonly identity: RelayIdentity
  /** What visitors see; default the same. */
  readonly certificates?: CertificateStore
  /** Who answers an authority's challenges; default nobody. */
  readonly challenges?: Pick<ChallengeAnswers, 'textOf' | 'contextOf'>
  /** An agent was granted a route whose TLS is ended here. `name`: a host name or an address. */
  readonly onNameServed?: (name: string) => void
  readonly agents: readonly Agent[]
  /** Who may steer it from afar, and what answers; default nobody. */
  readonly deploy?: RelayDeploy | undefined
  /** Keeps the agents after one was added or removed. */
  readonly saveAgents?: (agents: AgentKeys) => Promise<void>
  /** How often this relay has started, from 1. Default 1: generations start over. */
  readonly boot?: number
  /** Takes agents without any proof, as one agent that may claim everything. */
  readonly insecureNoAuth?: boolean
  readonly clock?: Clock
  /** From accept to routed or authenticated, and from there to registered; default 10 s. */
  readonly admissionTimeoutMs?: number
  /** How long a drain waits for visitors; default 30 s. */
  readonly drainGraceMs?: number
  readonly parking?: ParkingOptions
  /** Who may come in, by count; default: standardGateLimits(). */
  readonly gate?: GateLimits
  readonly onEvent?: (event: RelayEvent) => void
}

export interface RelayDeploy {
  /** Ed25519, raw: the deploy key's public half. */
  readonly publicKey: Buffer
  /** Does what the provisioner asks; a SallyportError that it throws is told to the asker. */
  answer(relay: Relay, request: DeployRequest, body: Buffer): Promise<DeployAnswer>
}

export interface Relay extends AsyncDisposable {
  readonly host: string
  /** Where it listens, with the true port. */
  readonly listen: ListenAddress
  /** The port of plain HTTP. */
  readonly httpPort: number | undefined
  /** Whether a route of that name has its TLS ended here. */
  isNameServed(name: string): boolean
  listAgents(): readonly Agent[]
  status(): RelayStatus
  /** @throws {SallyportError} SP_USAGE when the name is taken, SP_STATE when it cannot be kept. */
  addAgent(agent: Agent): Promise<void>
  /** Its sessions end at once. @throws {SallyportError} SP_USAGE, SP_STATE. */
  removeAgent(name: string): Promise<Agent>
  /**
   * Other agents and limits, while it serves; what is not permitted any more ends.
   * @throws what reading the agents throws.
   */
  update(changes: RelayChanges): Promise<void>
  /** Takes no more visitors, lets those who are in finish within the grace, and ends. */
  drain(): Promise<void>
  /** Ends at once; resolves when every socket is closed. */
  destroy(): Promise<void>
}

/** What can be changed while a relay serves. */
export interface RelayChanges {
  /** Reads the agents; called when none is being added or removed. */
  readonly readAgents?: () => Promise<readonly Agent[]>
  readonly parking?: ParkingOptions
  readonly gate?: GateLimits
}
