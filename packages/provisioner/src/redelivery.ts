// `up` on a relay that stands: settings, certificate and bundle as they are wanted now, over the deploy
// door. What changes nothing disturbs nobody; the relay starts again once at most.
import { isSallyportError, parseToken } from '@sallyport/protocol'
import type { Handover } from './bootstrap.ts'
import { ownCertificate, relaySettings, spkiOf } from './configuration.ts'
import { callRelay, type DeployCall } from './deploy-call.ts'
import { restartRelay, upgradeRelay } from './upgrade.ts'

/** False when the relay has no deploy door: it was claimed by an older release. */
export async function redeliver(handover: Handover, bundle: Buffer): Promise<boolean> {
  const { settings, address, claim, signal } = handover
  const deployKey = parseToken(claim.deployKey, 'state file')
  const dial = (): Promise<DeployCall> =>
    callRelay({ address, port: settings.relayPort, deployKey, spki: claim.spki ?? '', signal })
  const first = await dial().catch((error: unknown) => {
    if (isSallyportError(error) && error.code === 'SP_UNREACHABLE') return undefined
    throw error
  })
  if (first === undefined) return false
  let isChanged: boolean
  {
    using call = first
    isChanged = await deliverFiles(handover, call)
  }
  const options = { dial, deployKey, pollSeconds: settings.pollSeconds, signal }
  const { hasRestarted } = await upgradeRelay({ ...options, bundle })
  if (isChanged && !hasRestarted) await restartRelay(options)
  return true
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
