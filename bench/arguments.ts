// The command line of `npm run bench`. Throws a one-line message when it is wrong.
import { parseArgs } from 'node:util'
import { allMetrics, defaultMetrics } from './metrics/all.ts'
import type { Metric } from './metrics/metric.ts'
import { allPeers, defaultPeers } from './peers/all.ts'
import type { Peer } from './peers/peer.ts'
import type { WanProfile } from './topology.ts'

export interface Arguments {
  readonly metrics: readonly Metric[]
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly seconds: number
  readonly repeats: number
  readonly wan: WanProfile | undefined
}

export const usage = `npm run bench -- [--only METRIC,…] [--peers PEER,…] [--rounds N] [--seconds N] [--direct]
                  [--repeat N] [--wan RTT_ms,LOSS%,RATE_mbit,CC]

  --only     measure these: ${allMetrics.map((metric) => metric.id).join(', ')}
  --peers    among these: ${allPeers.map((peer) => peer.id).join(', ')}
  --rounds   fresh programs, rotated order, each time (5)
  --seconds  of each timed load (5; over a WAN 20)
  --direct   the origins without a tunnel as well
  --repeat   a measurement so often again while other programs take more than 5 % of the machine (0)
  --wan      relay and agent in two network namespaces, 100,0.1,200,cubic between them (needs root)

Peers are looked for on PATH and in the directories of SALLYPORT_PEERS.`

const defaultRounds = 5
const defaultSeconds = 5
const defaultWanSeconds = 20

export function parseArguments(argv: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      wan: { type: 'string' },
      repeat: { type: 'string' },
      direct: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const wan = values.wan === undefined ? undefined : parseWan(values.wan)
  const isWan = wan !== undefined
  const peers = pick('--peers', values.peers, allPeers) ?? defaultPeers(isWan, values.direct)
  // A WAN figure says nothing without what the path gives to plain TCP.
  const reference = allPeers.filter((peer) => !peer.plan && (isWan || values.direct))
  return {
    metrics: pick('--only', values.only, allMetrics) ?? defaultMetrics(isWan),
    peers: [...new Set([...peers, ...reference])],
    rounds: parseCount('--rounds', values.rounds) ?? defaultRounds,
    seconds:
      parseCount('--seconds', values.seconds) ?? (isWan ? defaultWanSeconds : defaultSeconds),
    repeats: parseCount('--repeat', values.repeat) ?? 0,
    wan,
  }
}

function pick<T extends { readonly id: string }>(
  option: string,
  list: string | undefined,
  all: readonly T[],
): readonly T[] | undefined {
  if (list === undefined) return undefined
  const names = list.split(',').filter((name) => name !== '')
  const known = all.map(({ id }) => id)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0 || names.length === 0) {
    throw new Error(`${option} ${JSON.stringify(list)}: needs some of ${known.join(', ')}`)
  }
  return all.filter(({ id }) => names.includes(id))
}

function parseCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new Error(`${option} ${JSON.stringify(text)}: needs a whole number from 1 to 9999`)
  }
  return Number(text)
}

/** Parses "100,0.1,200,cubic"; a % after the loss is allowed. */
export function parseWan(text: string): WanProfile {
  const parts = /^(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)%?,(\d+),([a-z]+)$/.exec(text)
  const [, rtt, loss, rate, congestionControl = ''] = parts ?? []
  const profile = {
    rttMs: Number(rtt),
    lossPercent: Number(loss),
    rateMbit: Number(rate),
    congestionControl,
  }
  const isSane = profile.rttMs <= 2_000 && profile.lossPercent <= 50 && profile.rateMbit >= 1
  if (!parts || !isSane) {
    throw new Error(
      `--wan ${JSON.stringify(text)}: needs RTT_ms,LOSS%,RATE_mbit,CC such as 100,0.1,200,cubic`,
    )
  }
  return profile
}
