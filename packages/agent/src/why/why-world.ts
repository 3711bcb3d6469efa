// What `agent why` needs of the world, and the real one. Tests bring their own names and clocks.
import { lookup } from 'node:dns/promises'
import type { NetConnectOpts } from 'node:net'
import { type Clock, type SocketEnd, dialSocket, systemClock } from '@sallyport/mux'
import { listListeners } from '../find-listener.ts'
import { type DialRelay, dialRelay } from '../relay-dialler.ts'

export interface WhyWorld {
  readonly clock: Clock
  /** The date, for certificates. */
  readonly today: () => Date
  /** Addresses of a name, as programs of this machine see them. Rejects with an error of `dns`. */
  readonly resolve: (name: string) => Promise<readonly string[]>
  readonly dialRelay: DialRelay
  readonly dialSocket: (options: NetConnectOpts) => SocketEnd
  /** Ports that somebody listens on here; undefined when it cannot be told. */
  readonly listListeners: () => Promise<readonly number[] | undefined>
}

export const realWhyWorld: WhyWorld = {
  clock: systemClock,
  today: () => new Date(),
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  dialRelay,
  dialSocket,
  listListeners,
}
