// A new bundle for a relay that stands: signed, above every version before, drained for, on trial
// until it has answered at its deploy door. Killed at any point, a repeat goes on: the relay knows what
// it runs, and takes an unconfirmed bundle back by itself.
import { createHash } from 'node:crypto'
import { type AgentKey, bundleProof, isSallyportError, SallyportError } from '@sallyport/protocol'
import { poll, pollsWithin } from './cloud.ts'
import type { DeployCall } from './deploy-call.ts'
import { restartWaitSeconds } from './limits.ts'

export interface UpgradeOptions {
  /** A fresh call of the deploy door. */
  readonly dial: () => Promise<DeployCall>
  readonly deployKey: AgentKey
  readonly bundle: Buffer
  readonly pollSeconds: number
  /** How long a new start may take, its drain included. */
  readonly waitSeconds?: number
  readonly signal: AbortSignal
}

export interface Upgraded {
  /** What runs now; 0 is the bundle of the claim. */
  readonly version: number
  /** False: it ran already. */
  readonly hasRestarted: boolean
}

/** @throws {SallyportError} SP_UPGRADE_REFUSED, SP_UPGRADE_FAILED. */
export async function upgradeRelay(options: UpgradeOptions): Promise<Upgraded> {
  const { dial, deployKey, bundle } = options
  const before = await bundleFacts(dial)
  const sha256 = createHash('sha256').update(bundle).digest('hex')
  const isNew = before.sha256 !== sha256
  const version = isNew ? before.highest + 1 : before.version
  if (isNew) {
    const signature = deployKey.sign(bundleProof(version, bundle)).toString('base64url')
    using call = await dial()
    await call.ask({ do: 'upgrade', version, signature }, bundle)
    await awaitVersion(options, version)
  }
  if (isNew || before.isOnTrial) {
    using call = await dial()
    await call.ask({ do: 'confirm', version })
  }
  return { version, hasRestarted: isNew }
}

/** Drains and starts again; returns when it answers. @throws {SallyportError} SP_UPGRADE_FAILED. */
export async function restartRelay(options: Omit<UpgradeOptions, 'bundle'>): Promise<void> {
  const { dial } = options
  const before = await ask(dial)
  {
    using call = await dial()
    await call.ask({ do: 'restart' })
  }
  const isBack = await pollRelay(options, async () =>
    (await ask(dial)).boot > before.boot ? true : undefined,
  )
  if (isBack === undefined) throw late('the relay was told to start again')
}

async function awaitVersion(options: UpgradeOptions, version: number): Promise<void> {
  const isThere = await pollRelay(options, async () => {
    const now = await bundleFacts(options.dial)
    if (now.failed?.version === version) {
      throw new SallyportError(
        'SP_UPGRADE_FAILED',
        `bundle ${version} did not come up (${now.failed.why}); the relay runs bundle ${now.version} again`,
      )
    }
    return now.version === version ? true : undefined
  })
  if (isThere === undefined) throw late(`bundle ${version} was delivered`)
}

/** Asks until there is an answer; while it restarts there is none. */
function pollRelay<Answer>(
  options: Omit<UpgradeOptions, 'bundle'>,
  look: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  const { waitSeconds = restartWaitSeconds } = options
  return poll(options, pollsWithin(options, waitSeconds), async () => {
    try {
      return await look()
    } catch (error) {
      if (isSallyportError(error) && error.code === 'SP_UNREACHABLE') return undefined
      throw error
    }
  })
}

async function ask(dial: UpgradeOptions['dial']) {
  using call = await dial()
  const { reply } = await call.ask({ do: 'status' })
  return { boot: reply.boot ?? 0, bundle: reply.bundle }
}

async function bundleFacts(dial: UpgradeOptions['dial']) {
  const { bundle } = await ask(dial)
  if (bundle !== undefined) return bundle
  throw new SallyportError(
    'SP_UPGRADE_REFUSED',
    'the relay was claimed without a launcher for new bundles; run down and up once',
  )
}

function late(what: string): SallyportError {
  return new SallyportError(
    'SP_UPGRADE_FAILED',
    `${what}, and gave no answer in time; a bundle that nobody confirms is taken back by itself: see provisioner status`,
  )
}
