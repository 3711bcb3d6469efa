// What happens to the routes of an agent whose permissions, or whose wishes, change while it serves.
import { type SallyportError, isPermitted, parseRouteUrl } from '@sallyport/protocol'
import type { Agent } from './agent-keys.ts'
import type { AgentSession } from './agent-session.ts'
import type { Routes } from './routes.ts'

/**
 * The agent's sessions get its new permissions. A route that it may not claim any more gets no new
 * visitors from now on; those who are in stay, and so does the session.
 */
export function applyPermissions(
  agent: Agent,
  sessions: Iterable<AgentSession>,
  routes: Pick<Routes<AgentSession>, 'list' | 'revoke'>,
): void {
  for (const session of sessions) {
    if (session.agent.keyId === agent.keyId) session.agent = agent
  }
  for (const lease of routes.list()) {
    const { keyId, url, pool } = lease.claim
    if (keyId !== agent.keyId) continue
    if (isPermitted(agent.permissions, parseRouteUrl(url, 'lease', 'SP_INTERNAL'), pool)) continue
    for (const { session } of lease.members.values()) {
      session.notice('SP_NOT_PERMITTED', `agent ${agent.name} may no longer claim ${url}`)
    }
    routes.revoke(lease)
  }
}

/** A later register that is refused for these leaves everything as it was. */
export function refusesChange({ code }: SallyportError): boolean {
  return code === 'SP_NOT_PERMITTED' || code === 'SP_ROUTE_HELD' || code === 'SP_PORT_TAKEN'
}
