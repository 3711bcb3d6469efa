// The inspector of an agent that runs: what it looks on at, what it sends again, and where its page is.
import { randomBytes } from 'node:crypto'
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
  agentOf: () => Pick<Agent, 'routes' | 'seesHttp' | 'sendReplay'>,
): Promise<Inspection> {
  const inspector = createInspector({
    clock: systemClock,
    wallNow: Date.now,
    tunnels: () => {
      const agent = agentOf()
      return agent.routes.map((route) => tunnelOf(route, agent.seesHttp(route.id)))
    },
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
function tunnelOf({ id, url, target }: PublicRoute, seesHttp: boolean): InspectedTunnel {
  const name = url.replace(/^[a-z]+:\/\//, '')
  // Not parsed as what `--url` takes: the public url of a tcp route has the relay's name in it.
  const protocol = url.slice(0, url.indexOf(':'))
  if (!seesHttp) return { route: id, name, publicUrl: url, protocol, target }
  const isBare = !target.includes('://') && !target.startsWith('unix:')
  return {
    route: id,
    name,
    // Also where the relay passes TLS on and it ends here: visitors come by https.
    publicUrl: `https://${name}`,
    protocol: 'https',
    target: isBare ? `http://${target}` : target,
  }
}
