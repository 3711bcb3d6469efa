// A new bundle has until its trial is over to be confirmed at the deploy door. Then it ends itself, and
// the launcher starts the one before: a provisioner that never came back leaves nothing half done.
import type { Clock } from '@sallyport/mux'
import { readBundleFacts } from './bundles.ts'
import { confirmBundleMs } from './limits.ts'
import type { Log } from './log.ts'
import type { StateDirectory } from './state-directory.ts'

export interface BundleTrialOptions {
  readonly state: StateDirectory
  readonly clock: Clock
  readonly log: Pick<Log, 'note'>
  /** Drains and ends the program. */
  restart(): void
}

/** Undefined when what runs is not on trial. @throws {SallyportError} SP_STATE. */
export async function startBundleTrial(
  options: BundleTrialOptions,
): Promise<AsyncDisposable | undefined> {
  const { state, clock, log } = options
  const facts = await readBundleFacts(state)
  if (facts?.isOnTrial !== true) return undefined
  log.note('info', `bundle ${facts.version} is on trial`)
  const timer = clock.setTimeout(() => void judge(options), confirmBundleMs)
  return {
    async [Symbol.asyncDispose]() {
      clock.clearTimeout(timer)
    },
  }
}

async function judge({ state, log, restart }: BundleTrialOptions): Promise<void> {
  const facts = await readBundleFacts(state).catch(() => undefined)
  if (facts?.isOnTrial !== true) return
  log.note('error', `bundle ${facts.version} was not confirmed in time: back to the one before`)
  restart()
}
