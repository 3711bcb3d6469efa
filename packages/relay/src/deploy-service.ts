// What a relay does for its provisioner, who has proved itself at the deploy door.
import type { DeployRequest } from '@sallyport/protocol'
import { createAgent } from './agent-keys.ts'
import type { DeployAnswer } from './deploy-door.ts'
import type { LogRing } from './log-ring.ts'
import type { Relay } from './relay-options.ts'
import { formatStatus } from './relay-status.ts'

export interface DeployServiceOptions {
  readonly logRing: LogRing
}

/** @throws {SallyportError} what the asker is told. */
export async function answerDeploy(
  relay: Relay,
  request: DeployRequest,
  options: DeployServiceOptions,
): Promise<DeployAnswer> {
  switch (request.do) {
    case 'status': {
      const status = relay.status()
      return { reply: { status }, body: Buffer.from(formatStatus(status)) }
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
      return { reply: {}, body: Buffer.from(options.logRing.last(request.lines).join('')) }
  }
}

function listAgents(relay: Relay) {
  return relay.listAgents().map(({ name, keyId, allow }) => ({ name, key: keyId, allow }))
}
