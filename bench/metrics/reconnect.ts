// The relay is killed, stays away for 5 s and comes back: how long until a visitor is answered again.
import { setTimeout as sleep } from 'node:timers/promises'
import { finishLoad, startLoad } from '../loads/run-load.ts'
import { measured, type Metric } from './metric.ts'

const awayMs = 5_000
const timeoutMs = 60_000

export const reconnect: Metric = {
  id: 'reconnect',
  title: 'Relay killed, back after 5 s',
  method:
    'from the moment when the relay takes agents again to the first answer; a try every 20 ms',
  visitors: 'tcp',
  readings: [{ key: 'served', label: 'until served', unit: 's', better: 'less' }],
  exclude: (peer) => (peer.reconnects ? undefined : 'does not reconnect by itself'),
  run: async (bench, tunnel) => {
    await tunnel.killRelay()
    const args = { host: tunnel.host, port: tunnel.ports.http, timeoutMs: awayMs + timeoutMs }
    const load = startLoad(bench, 'first-answer', args)
    await sleep(awayMs)
    await tunnel.restartRelay()
    const backAt = performance.timeOrigin + performance.now()
    const result = await finishLoad(bench, load, timeoutMs + 10_000)
    const [answeredAt = Number.NaN] = result.samplesMs
    return measured({ served: (answeredAt - backAt) / 1000 }, result)
  },
}
