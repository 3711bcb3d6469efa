// Where the two ends stand and how they reach each other: everything on loopback, or relay and
// agent in two network namespaces with the WAN of wan/ between them.

/** Where a program runs; `prefix` goes in front of its command line. */
export interface Place {
  readonly prefix: readonly string[]
}

export interface Topology {
  /** The relay's side; the visitors stand here too. */
  readonly relay: Place
  /** The agent's side; the origins stand here too. */
  readonly agent: Place
  /** Where relays listen, for agents and for visitors. */
  readonly relayHost: string
  /** Where a visitor reaches the origins with no tunnel between: the reference line. */
  readonly originHost: string
  /** What the origins listen on; all addresses only inside a namespace of our own. */
  readonly originBind: string
  readonly wan: WanProfile | undefined
}

export interface WanProfile {
  readonly rttMs: number
  readonly lossPercent: number
  readonly rateMbit: number
  readonly congestionControl: string
}

const here: Place = { prefix: [] }

export const loopback: Topology = {
  relay: here,
  agent: here,
  relayHost: '127.0.0.1',
  originHost: '127.0.0.1',
  originBind: '127.0.0.1',
  wan: undefined,
}
