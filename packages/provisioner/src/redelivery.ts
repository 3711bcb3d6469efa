// `up` on a relay that stands: settings, certificate and bundle as they are wanted now, over the deploy
// door. What changes nothing disturbs nobody; the relay starts again once at most, twice where it is of an
// older release that does not know a setting.
import { type ErrorCode, isSallyportError, parseToken } from '@sallyport/protocol'
import type { Handover } from './bootstrap.ts'
import { ownCertificate, relaySettings, spkiOf } from './configuration.ts'
import { callRelay, type DeployCall } from './deploy-call.ts'
import { restartRelay, upgradeRelay } from './upgrade.ts'

/** A relay may be about to start again, for a run before: it is waited for, and dialled again. */
const dials = 3

/**
 * False when the relay has no deploy door: it was claimed by an older release.
 * `awaitRelay` resolves when the relay answers at its agent door.
 */
export async function redeliver(
  handover: Handover,
  bundle: Buffer,
  awaitRelay: () => Promise<void>,
): Promise<boolean> {
  const { settings, address, claim, signal } = handover
  const deployKey = parseToken(claim.deployKey, 'state file')
  const dial = (): Promise<DeployCall> =>
    callRelay({ address, port: settings.relayPort, deployKey, spki: claim.spki ?? '', signal })
  let first: DeployCall | undefined
  for (let tries = 0; first === undefined; tries += 1) {
    if (tries === dials) return false
    await awaitRelay()
    first = await unless('SP_UNREACHABLE', dial())
  }
  let before: boolean | undefined
  {
    using call = first
    before = await unless('SP_STATE', deliverFiles(handover, call))
  }
  const options = { dial, deployKey, pollSeconds: settings.pollSeconds, signal }
  const { hasRestarted } = await upgradeRelay({ ...options, bundle })
  if (before !== undefined) {
    if (before && !hasRestarted) await restartRelay(options)
    return true
  }
  // What its older bundle did not understand, this one does.
  {
    using call = await dial()
    await deliverFiles(handover, call)
  }
  await restartRelay(options)
  return true
}

async function unless<T>(code: ErrorCode, attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt
  } catch (error) {
    if (isSallyportError(error) && error.code === code) return undefined
    throw error
  }
}

/** True when the relay has to start again for them. */
async function deliverFiles(
  { settings, address, claim }: Handover,
  call: DeployCall,
): Promise<boolean> {
  const delivered = await call.ask({ do: 'settings', text: relaySettings(settings, address) })
  const isOther = delivered.reply.isChanged === true
  const own = ownCertificate(settings)
  if (own === undefined) return isOther
  // The key of the claim stays the one that agents pin; visitors get another one with its certificate.
  const isPinned = spkiOf(own.key) === claim.spki
  const text = isPinned ? own.certificate : `${own.key}\n${own.certificate}`
  const { reply } = await call.ask({ do: 'certificate' }, Buffer.from(text))
  return isOther || reply.isChanged === true
}
