// What the plan's claim and delivery need from the bootstrap, so that AWS's part knows no TLS.
import type { Claim, State } from './state-file.ts'
import type { Settings } from './settings.ts'

export interface Handover {
  readonly settings: Settings
  readonly state: State
  readonly claim: Claim
  /** Where the instance answers. */
  readonly address: string
  /** The name or address that visitors and agents use. */
  readonly endpoint: string
  readonly signal: AbortSignal
  /** Must be on the disk before it returns. */
  readonly save: (change: Partial<Pick<State, 'claim' | 'agentToken' | 'joinString'>>) => State
  readonly isRunning: () => Promise<boolean>
  /** For the message of a claim that never came. */
  readonly consoleTail: () => Promise<string | undefined>
}

export interface Bootstrap {
  /** Before anything is made: throws SP_CONFIG when what is to be handed over cannot be read. */
  check(settings: Settings): void
  /** New keys for a new instance. */
  createClaim(): Claim
  /** The launch's user-data; throws SP_CONFIG when it would not fit. */
  createUserData(settings: Settings, claim: Claim, now: Date): string
  /** Takes possession; throws SP_CLAIM_TIMEOUT, SP_CLAIM_REFUSED. A repeat after a crash is fine. */
  claim(handover: Handover): Promise<void>
  /** Brings a standing relay to the present bundle and settings. */
  deliver(handover: Handover): Promise<void>
}
