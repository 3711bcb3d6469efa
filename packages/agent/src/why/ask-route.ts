// Asks the relay who may have a route, without taking it. The route is registered twice in one message:
// the relay judges the first, finds the second to be asked twice, and so grants none (docs/protocol.md
// §7). Generation 0 is older than any, so that an agent of the same key that serves it shows itself.
import { randomBytes } from 'node:crypto'
import { MemoryBudget, Session, createWebSocketTransport } from '@sallyport/mux'
import {
  type JoinString,
  type NoticeMessage,
  SallyportError,
  agentBudgetBytes,
  closeCodeOf,
  controlVersion,
  formatRouteUrl,
} from '@sallyport/protocol'
import { openControl } from '../control.ts'
import { whyHopMs } from '../limits.ts'
import { sessionEnd } from '../relay-failure.ts'
import type { RouteRequest } from '../route-book.ts'
import { software } from '../software.ts'
import { publicUrls } from './public-url.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

/** `ours`: an agent with this key holds it. `free`: this key may have it. */
export type RouteStanding = 'ours' | 'free'

/** @throws {SallyportError} why this key may not have it, or that the relay could not be asked. */
export async function askRoute(
  request: Pick<RouteRequest, 'url' | 'pool' | 'balance'>,
  join: JoinString,
  world: WhyWorld,
): Promise<RouteStanding> {
  const { clock } = world
  const late = (): Error =>
    new SallyportError('SP_UNREACHABLE', `the relay said nothing of it within ${whyHopMs / 1000} s`)
  const answer = await within<SallyportError>(clock, whyHopMs, late, ({ resolve, reject }) => {
    let session: Session | undefined
    let stated: SallyportError | undefined
    const dialled = world.dialRelay(join, {
      failed: reject,
      connected: (ws, socket) => {
        session = new Session({
          transport: createWebSocketTransport(ws, socket, { masking: 'zero' }),
          side: 'agent',
          clock,
          budget: new MemoryBudget(agentBudgetBytes),
          onStream: (stream) => stream.reset(),
          onClose: (error, closeCode) => resolve(stated ?? sessionEnd(error, closeCode)),
        })
        const notice = ({ code, message, fatal }: NoticeMessage): void => {
          if (fatal) stated = new SallyportError(code, message)
        }
        openControl(session, hello(request, join), register(request), {
          registered: () => resolve(unexpected()),
          refused: notice,
          notice,
          draining: () => resolve(new SallyportError('SP_DRAINING', 'the relay shuts down')),
          failed: (error) => resolve(stated ?? error),
        })
      },
    })
    return () => {
      dialled.cancel()
      const over = new SallyportError('SP_ABORTED', 'asked')
      session?.close(closeCodeOf('SP_DRAINING'), 'asked', over)
    }
  })
  if (answer.code === 'SP_REPLACED') return 'ours'
  // The second of the two was what it minded.
  if (answer.code === 'SP_PROTOCOL') return 'free'
  throw answer
}

function hello(
  { url }: Pick<RouteRequest, 'url'>,
  join: JoinString,
): Parameters<typeof openControl>[1] {
  return {
    type: 'hello',
    version: controlVersion,
    software: `${software} why`,
    process: randomBytes(16).toString('base64url'),
    connection: 0,
    held: Object.fromEntries(publicUrls(url, join).map((text) => [text, 0])),
  }
}

function register({
  url,
  pool,
  balance,
}: Pick<RouteRequest, 'url' | 'pool' | 'balance'>): Parameters<typeof openControl>[2] {
  const route = {
    url: formatRouteUrl(url),
    ...(pool !== undefined && { pool }),
    ...(balance !== undefined && { balance }),
  }
  const routes = ['r0', 'r1'].map((id) => ({ id, ...route }))
  return { type: 'register', channelTimeoutSeconds: 1, routes }
}

function unexpected(): SallyportError {
  return new SallyportError('SP_INTERNAL', 'the relay granted one route twice')
}
