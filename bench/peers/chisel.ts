// chisel: reverse forwards through its SSH inside a WebSocket inside TLS, with --auth.
import { program, type Peer } from './peer.ts'
import { makeCertificate } from './certificate.ts'

export const chisel: Peer = {
  id: 'chisel',
  label: 'chisel (TLS)',
  protection: 'encrypted',
  programs: ['chisel', 'openssl'],
  version: ['chisel', '--version'],
  reconnects: true,
  plan: async (bench, { door, directory, origins, visitors }) => {
    const { relay, agent, relayHost } = bench.topology
    const chiselPath = program(bench, 'chisel')
    const { certificate, key } = await makeCertificate(bench, directory)
    const auth = ['--auth', 'bench:bench']
    const remotes = (['iperf3', 'http', 'late'] as const).map(
      (port) => `R:${relayHost}:${visitors[port]}:127.0.0.1:${origins[port]}`,
    )
    return {
      relay: {
        name: 'chisel server',
        argv: [
          [chiselPath, 'server', '--host', relayHost, '--port', String(door), '--reverse'],
          ['--tls-cert', certificate, '--tls-key', key, ...auth],
        ].flat(),
        place: relay,
      },
      agents: [
        {
          name: 'chisel client',
          argv: [
            [chiselPath, 'client', '--tls-skip-verify', ...auth],
            [`https://${relayHost}:${door}`, ...remotes],
          ].flat(),
          place: agent,
        },
      ],
    }
  },
}
