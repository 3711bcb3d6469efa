// `relay init`: the TLS key, its certificate, the first agent's key and the settings, all into D. The
// agents' keys come last: a D that has them is a relay, and is left alone.
import {
  SallyportError,
  type Secret,
  formatJoinString,
  generateAgentKey,
} from '@sallyport/protocol'
import { AgentKeys, allowEverything, createAgent, writeAgentKeys } from './agent-keys.ts'
import { type InitConfig, formatRelayFile } from './config.ts'
import { generateIdentity } from './relay-identity.ts'

const firstAgent = 'first'

/**
 * Makes a relay in D.
 * @returns the join string of its first agent, which exists nowhere else.
 * @throws {SallyportError} SP_STATE when D holds one already, or cannot be written.
 */
export async function initRelay(config: InitConfig, now: Date): Promise<Secret> {
  const { state, host, listen } = config
  if ((await state.read('agents.json')) !== undefined) {
    throw new SallyportError(
      'SP_STATE',
      `${state.path} holds a relay already: add agents with \`relay agents add\`, or take another --dir`,
    )
  }
  const identity = generateIdentity(host, now, config.subject)
  const key = generateAgentKey()
  const agents = new AgentKeys([createAgent(firstAgent, key.publicKey, allowEverything)])

  await state.write('tls.key', identity.key)
  await state.write('tls.crt', identity.certificate)
  await state.write('relay.json', formatRelayFile(config))
  await writeAgentKeys(state, agents)
  return formatJoinString({ host, port: listen.port, pin: identity.pin, key })
}
