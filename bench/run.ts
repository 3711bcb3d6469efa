// The rounds of a run: every metric on every peer, each with programs of its own, the order of the
// peers one further every round. A measurement that fails is recorded and the run goes on.
import type { Bench } from './bench.ts'
import { startDisturbanceWatch, tolerableOthersPercent } from './disturbance.ts'
import type { Metric } from './metrics/metric.ts'
import { startOrigins } from './origins/origins.ts'
import type { Peer } from './peers/peer.ts'
import type { Outcome } from './result.ts'
import { rotate } from './rotation.ts'
import { startTlsTunnel, startTunnel } from './tunnel.ts'

export interface Rounds {
  readonly metrics: readonly Metric[]
  readonly peers: readonly Peer[]
  readonly rounds: number
}

/** Gives each outcome when it is there. */
export async function* runRounds(
  { metrics, peers, rounds }: Rounds,
  measure: (metric: Metric, peer: Peer) => Promise<Measured>,
): AsyncGenerator<Outcome> {
  for (let round = 0; round < rounds; round += 1) {
    for (const metric of metrics) {
      for (const peer of rotate(peers, round)) {
        if (metric.exclude?.(peer) !== undefined) continue
        const at = { round, metric: metric.id, peer: peer.id }
        try {
          yield { kind: 'measured', ...at, ...(await measure(metric, peer)) }
        } catch (error) {
          const failure = error instanceof Error ? error.message : String(error)
          yield { kind: 'failed', ...at, failure }
        }
      }
    }
  }
}

type Measured = Omit<Extract<Outcome, { kind: 'measured' }>, 'kind' | 'round' | 'metric' | 'peer'>

/**
 * Measures once, and so often again as `repeats` allows while others use the machine. Only what
 * others did decides, never what was measured; a failure is not tried again.
 */
export async function measureInQuiet(
  repeats: number,
  measure: () => Promise<Measured>,
): Promise<Measured> {
  for (let repeated = 0; ; repeated += 1) {
    const measured = await measure()
    const isQuiet = measured.othersPercent <= tolerableOthersPercent
    if (isQuiet || repeated >= repeats) return { ...measured, repeats: repeated }
  }
}

/** One measurement with fresh origins and a fresh tunnel. */
export async function measureOnce(bench: Bench, metric: Metric, peer: Peer): Promise<Measured> {
  await using origins = await startOrigins(bench)
  const start = metric.visitors === 'tls' ? startTlsTunnel : startTunnel
  await using tunnel = await start(bench, peer, origins)
  const disturbance = startDisturbanceWatch(bench.pid)
  const measurement = await metric.run(bench, tunnel)
  return { ...measurement, ...disturbance(), repeats: 0 }
}
