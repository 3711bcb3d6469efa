// The inspector of an agent that runs: what it looks on at, what it sends again, and where its page is.
import { randomBytes } from 'node:crypto'
import { type RouteUrl, parseRouteUrl } from '@sallyport/protocol'
import { systemClock } from '@sallyport/mux'
import type { Agent } from './agent.ts'
import type { AgentWorld } from './agent-world.ts'
import type { AgentEvents, PublicRoute } from './events.ts'
import {
  type InspectedTunnel,
  type InspectorServer,
  createInspector,
  loadInspectorPage,
  startInspectorServer,
} from './inspector/index.ts'
import { inspectorTokenBytes } from './limits.ts'
import { version } from './software.ts'

/** Where it listens. */
export interface InspectorAddress {
  /** Empty for every interface. */
  readonly host: string
  readonly port: number
  /** Somebody asked for it: if it is taken, that is a failure. */
  readonly isExplicit: boolean
}

export interface Inspection extends InspectorServer {
  readonly tapOf: NonNullable<AgentWorld['tapOf']>
  recordVisit(visit: AgentEvents['visit']): void
}

/** `agentOf`: called when somebody looks, not before. @throws {SallyportError} SP_ADDRESS_TAKEN. */
export async function startInspection(
  address: InspectorAddress,
  agentOf: () => Pick<Agent, 'routes' | 'sendReplay'>,
): Promise<Inspection> {
  const inspector = createInspector({
    clock: systemClock,
    wallNow: Date.now,
    tunnels: () => agentOf().routes.map(tunnelOf),
    send: (request, signal) => agentOf().sendReplay(request, signal),
  })
  const server = await startInspectorServer({
    inspector,
    ...address,
    token: randomBytes(inspectorTokenBytes).toString('base64url'),
    page: await loadInspectorPage(),
    version,
  })
  return {
    ...server,
    tapOf: (route) => inspector.tapOf(route),
    recordVisit: (visit) => inspector.recordVisit(visit),
  }
}

/** Named by its public host and port, which say more than an id. */
function tunnelOf({ id, url, target }: PublicRoute): InspectedTunnel {
  const protocol: RouteUrl['kind'] = parseRouteUrl(url, 'public url').kind
  const name = url.replace(/^[a-z]+:\/\//, '')
  const isBare = protocol === 'https' && !target.includes('://') && !target.startsWith('unix:')
  return { route: id, name, publicUrl: url, protocol, target: isBare ? `http://${target}` : target }
}
