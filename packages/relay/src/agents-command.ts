// `relay agents add | ls | rm`: on a running relay through its admin socket, else on the files.
import {
  SallyportError,
  type Secret,
  formatJoinString,
  generateAgentKey,
} from '@sallyport/protocol'
import { type AdminReply, type AdminRequest, callRelay } from './admin-socket.ts'
import { type AgentKeys, createAgent, readAgentKeys, writeAgentKeys } from './agent-keys.ts'
import type { PublicSettings } from './config.ts'
import { readIdentity } from './relay-identity.ts'
import type { StateDirectory } from './state-directory.ts'

/** Besides D, what the relay would be started with, for when none runs. */
export interface AgentsCommandOptions extends Pick<PublicSettings, 'host' | 'listen'> {
  readonly state: StateDirectory
}

export type ListedAgent = AdminReply['agents'][number]

export const adminSocketName = 'admin.sock'

/**
 * Adds an agent.
 * @returns its join string, which exists nowhere else.
 * @throws {SallyportError} SP_USAGE, SP_STATE.
 */
export async function addAgent(
  options: AgentsCommandOptions,
  name: string,
  allow: string,
): Promise<Secret> {
  const { state, host, listen } = options
  const identity = await readIdentity(state)
  if (!identity) throw noRelay(state)
  const key = generateAgentKey()
  const agent = createAgent(name, key.publicKey, allow)
  const reply = await change(
    options,
    { do: 'add', name, allow, publicKey: key.publicKey.toString('base64url') },
    (agents) => agents.add(agent),
  )
  const address = reply ?? { host, port: listen.port }
  return formatJoinString({ host: address.host, port: address.port, pin: identity.pin, key })
}

/** @throws {SallyportError} SP_USAGE, SP_STATE. */
export async function removeAgent(options: AgentsCommandOptions, name: string): Promise<void> {
  await change(options, { do: 'remove', name }, (agents) => agents.remove(name))
}

/** @throws {SallyportError} SP_STATE. */
export async function listAgents({ state }: AgentsCommandOptions): Promise<readonly ListedAgent[]> {
  const reply = await callRelay(state.file(adminSocketName), { do: 'list' })
  if (reply) return reply.agents
  const agents = await readAgentKeys(state)
  return agents.list().map(({ name, keyId, allow }) => ({ name, key: keyId, allow }))
}

/** Asks the running relay; undefined when none runs and the files were changed instead. */
async function change(
  { state }: AgentsCommandOptions,
  request: AdminRequest,
  onFile: (agents: AgentKeys) => void,
): Promise<AdminReply | undefined> {
  const reply = await callRelay(state.file(adminSocketName), request)
  if (reply) return reply
  const agents = await readAgentKeys(state)
  onFile(agents)
  await writeAgentKeys(state, agents)
  return undefined
}

/** The error for a directory in which no relay was made. */
export function noRelay(state: StateDirectory): SallyportError {
  return new SallyportError(
    'SP_STATE',
    `there is no relay in ${state.path}: make one with \`relay init --dir ${state.path}\``,
  )
}
