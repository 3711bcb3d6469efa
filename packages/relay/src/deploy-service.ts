// What a relay does for its provisioner, who has proved itself at the deploy door.
import type { DeployRequest } from '@sallyport/protocol'
import { createAgent } from './agent-keys.ts'
import { confirmBundle, readBundleFacts, stageBundle } from './bundles.ts'
import { requestCertificate, takeCertificate } from './certificates/delivered-certificate.ts'
import { writeDeliveredSettings } from './delivered-settings.ts'
import type { DeployAnswer } from './deploy-door.ts'
import type { LogRing } from './log-ring.ts'
import type { Relay } from './relay-options.ts'
import { formatStatus } from './relay-status.ts'
import type { StateDirectory } from './state-directory.ts'

export interface DeployServiceOptions {
  readonly state: StateDirectory
  readonly deployKey: Buffer
  /** How often this relay has started. */
  readonly boot: number
  readonly logRing: LogRing
  /** Reads settings and certificates again. */
  reload(): Promise<void>
  /** Drains and ends the program; what started it starts it again. */
  restart(): void
}

/** @throws {SallyportError} what the asker is told. */
export async function answerDeploy(
  relay: Relay,
  request: DeployRequest,
  body: Buffer,
  { state, deployKey, boot, logRing, reload, restart: afterwards }: DeployServiceOptions,
): Promise<DeployAnswer> {
  switch (request.do) {
    case 'status': {
      const status = relay.status()
      const bundle = await readBundleFacts(state)
      return { reply: { status, bundle, boot }, body: Buffer.from(formatStatus(status)) }
    }
    case 'agents-add': {
      const publicKey = Buffer.from(request.publicKey, 'base64url')
      await relay.addAgent(createAgent(request.name, publicKey, request.allow))
      return { reply: { agents: listAgents(relay) } }
    }
    case 'agents-ls':
      return { reply: { agents: listAgents(relay) } }
    case 'agents-rm':
      await relay.removeAgent(request.name)
      return { reply: { agents: listAgents(relay) } }
    case 'logs':
      return { reply: {}, body: Buffer.from(logRing.last(request.lines).join('')) }
    case 'settings':
      return { reply: { isChanged: await writeDeliveredSettings(state, request.text) } }
    case 'csr':
      return { reply: {}, body: Buffer.from(await requestCertificate(state, request.names)) }
    case 'certificate': {
      const delivered = await takeCertificate(state, body.toString('utf8'))
      if (delivered === 'visitors') await reload()
      return { reply: { isChanged: delivered === 'pinned' } }
    }
    case 'restart':
      return { reply: {}, afterwards }
    case 'upgrade':
      await stageBundle(state, deployKey, { ...request, bytes: body })
      return { reply: {}, afterwards }
    case 'confirm':
      await confirmBundle(state, request.version)
      return { reply: {} }
  }
}

function listAgents(relay: Relay) {
  return relay.listAgents().map(({ name, keyId, allow }) => ({ name, key: keyId, allow }))
}
