// frp: frps as the relay, frpc as the agent, both with their defaults (TLS, tcpMux).
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program, type Peer } from './peer.ts'

export const frp: Peer = {
  id: 'frp',
  label: 'frp (TLS)',
  protection: 'encrypted',
  programs: ['frps', 'frpc'],
  version: ['frps', '--version'],
  reconnects: true,
  plan: async (bench, { door, directory, origins, visitors }) => {
    const { relay, agent, relayHost } = bench.topology
    const token = randomBytes(16).toString('hex')
    const shared = `auth.token = "${token}"\nlog.level = "warn"\n`
    const relayFile = join(directory, 'frps.toml')
    await writeFile(
      relayFile,
      `bindAddr = "${relayHost}"\nbindPort = ${door}\nproxyBindAddr = "${relayHost}"\n${shared}`,
    )
    const proxies = (['iperf3', 'http', 'late'] as const).map(
      (port) => `
[[proxies]]
name = "${port}"
type = "tcp"
localIP = "127.0.0.1"
localPort = ${origins[port]}
remotePort = ${visitors[port]}
`,
    )
    const agentFile = join(directory, 'frpc.toml')
    await writeFile(
      agentFile,
      `serverAddr = "${relayHost}"\nserverPort = ${door}\n${shared}${proxies.join('')}`,
    )
    return {
      relay: { name: 'frps', argv: [program(bench, 'frps'), '-c', relayFile], place: relay },
      agents: [{ name: 'frpc', argv: [program(bench, 'frpc'), '-c', agentFile], place: agent }],
    }
  },
}
