// bore: no encryption, one program per forwarded port, a control port that cannot be chosen.
import { program, type Peer } from './peer.ts'

/** Fixed in bore (CONTROL_PORT): another bore on this machine makes the measurement fail. */
const borePort = 7835

export const bore: Peer = {
  id: 'bore',
  label: 'bore (plain)',
  protection: 'plain',
  programs: ['bore'],
  version: ['bore', '--version'],
  reconnects: false,
  plan: async (bench, { origins, visitors }) => {
    const { relay, agent, relayHost } = bench.topology
    const borePath = program(bench, 'bore')
    const env = { BORE_SECRET: 'bench' }
    const ports = ['iperf3', 'http', 'late'] as const
    const highest = Math.max(...ports.map((port) => visitors[port]))
    const lowest = Math.min(...ports.map((port) => visitors[port]))
    return {
      door: borePort,
      relay: {
        name: 'bore server',
        argv: [
          [borePath, 'server', '--bind-addr', relayHost],
          ['--min-port', String(lowest), '--max-port', String(highest)],
        ].flat(),
        place: relay,
        env,
      },
      agents: ports.map((port) => ({
        name: `bore local (${port})`,
        argv: [
          [borePath, 'local', '--local-host', '127.0.0.1', '--to', relayHost],
          ['--port', String(visitors[port]), String(origins[port])],
        ].flat(),
        place: agent,
        env,
      })),
    }
  },
}
