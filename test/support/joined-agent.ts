// A real agent inside the test's process, joined to a relay there: `await using agent = await
// joinAgent(relay, origin.port, { url: 'tls://app.test' })`.
import { type Agent, type ConnectOptions, connect } from '@sallyport/agent'
import type { Server } from 'node:net'
import type { AgentKey, JoinString } from '@sallyport/protocol'
import { createAgent } from '@sallyport/relay'
import { generateAgentKey } from '@sallyport/protocol'
import { deadline } from './deadline.ts'
import type { InProcessRelay } from './in-process-relay.ts'

export type JoinOptions = Omit<ConnectOptions, 'join'> & { readonly key?: AgentKey }

/** Resolves when visitors can come; disposing drains it for at most a second. */
export async function joinAgent(
  relay: InProcessRelay,
  target: number | string | Server,
  { key = relay.key, ...options }: JoinOptions,
): Promise<Agent> {
  const join = joinOf(relay, key)
  const connecting = connect(target, { drainGraceMs: 1_000, ...options, join })
  return await deadline(connecting, 10_000, 'agent')
}

/** What an agent of that key needs. */
export function joinOf(relay: InProcessRelay, key: AgentKey = relay.key): JoinString {
  return { host: '127.0.0.1', port: relay.port, pin: relay.pin, key }
}

/** A further key at the relay, which may claim `allow`. */
export async function addKey(
  relay: InProcessRelay,
  name: string,
  allow: string,
): Promise<AgentKey> {
  const key = generateAgentKey()
  await relay.relay.addAgent(createAgent(name, key.publicKey, allow))
  return key
}

/** The public port of an agent's first route. */
export function publicPort(agent: Agent): number {
  return Number(new URL(agent.url).port)
}
