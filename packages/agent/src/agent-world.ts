// The world as an agent sees it: time, chance, and whom it dials. Tests bring their own.
import type { NetConnectOpts } from 'node:net'
import { type Clock, type SocketEnd, dialSocket, systemClock } from '@sallyport/mux'
import { drainGraceMs } from '@sallyport/protocol'
import {
  type FindListener,
  type ListListeners,
  findListener,
  listListeners,
} from './find-listener.ts'
import type { ExchangeTap } from './http/index.ts'
import { type DialRelay, dialRelay } from './relay-dialler.ts'

/** What the agent needs of the world. */
export interface AgentWorld {
  readonly clock: Clock
  readonly random: () => number
  readonly dialRelay: DialRelay
  readonly dialSocket: (options: NetConnectOpts) => SocketEnd
  readonly findListener: FindListener
  readonly listListeners: ListListeners
  /** How long running visitors may take to finish after `close()`. */
  readonly drainGraceMs: number
  /** Looks on at the HTTP of an https route, by its id. */
  readonly tapOf?: ((route: string) => ExchangeTap) | undefined
}

export const realWorld: AgentWorld = {
  clock: systemClock,
  random: Math.random,
  dialRelay,
  dialSocket,
  findListener,
  listListeners,
  drainGraceMs,
}
