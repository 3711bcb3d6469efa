// rathole over TLS, over noise, and with no encryption at all.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { certificateName, makeCertificate } from './certificate.ts'
import { program, type Peer, type PlanOptions } from './peer.ts'

type Transport = 'tls' | 'noise' | 'plain'

/** The [server.transport] and [client.transport] tables. */
interface TransportTables {
  readonly relay: string
  readonly agent: string
}

export function createRathole(transport: Transport): Peer {
  return {
    id: `rathole-${transport}`,
    label: `rathole (${transport})`,
    protection: transport === 'plain' ? 'plain' : 'encrypted',
    programs: transport === 'tls' ? ['rathole', 'openssl'] : ['rathole'],
    version: ['rathole', '--version'],
    reconnects: true,
    plan: async (bench, options) => {
      const { relayHost, relay, agent } = bench.topology
      const { door, directory, origins, visitors } = options
      const tables = await transportTables(bench, options, transport)
      const token = `default_token = "${randomBytes(16).toString('hex')}"`
      const services = (role: string, address: (port: 'iperf3' | 'http' | 'late') => string) =>
        (['iperf3', 'http', 'late'] as const)
          .map((port) => `[${role}.services.${port}]\n${address(port)}\n`)
          .join('')
      const relayFile = join(directory, 'relay.toml')
      const agentFile = join(directory, 'agent.toml')
      await writeFile(
        relayFile,
        `[server]\nbind_addr = "${relayHost}:${door}"\n${token}\n${tables.relay}` +
          services('server', (port) => `bind_addr = "${relayHost}:${visitors[port]}"`),
      )
      await writeFile(
        agentFile,
        `[client]\nremote_addr = "${relayHost}:${door}"\n${token}\n${tables.agent}` +
          services('client', (port) => `local_addr = "127.0.0.1:${origins[port]}"`),
      )
      const argv = [program(bench, 'rathole')]
      return {
        relay: { name: 'rathole --server', argv: [...argv, '--server', relayFile], place: relay },
        agents: [
          { name: 'rathole --client', argv: [...argv, '--client', agentFile], place: agent },
        ],
      }
    },
  }
}

async function transportTables(
  bench: Bench,
  { directory }: PlanOptions,
  transport: Transport,
): Promise<TransportTables> {
  switch (transport) {
    case 'plain':
      return { relay: '', agent: '' }
    case 'tls': {
      const files = await makeCertificate(bench, directory)
      const relay = `pkcs12 = "${files.pkcs12}"\npkcs12_password = "${files.pkcs12Password}"`
      const agent = `trusted_root = "${files.certificate}"\nhostname = "${certificateName}"`
      return {
        relay: `[server.transport]\ntype = "tls"\n[server.transport.tls]\n${relay}\n`,
        agent: `[client.transport]\ntype = "tls"\n[client.transport.tls]\n${agent}\n`,
      }
    }
    case 'noise': {
      const argv = [program(bench, 'rathole'), '--genkey']
      const spec = { name: 'rathole --genkey', argv, place: bench.topology.relay }
      const printed = await bench.processes.run(spec, 10_000)
      // A heading line each, the key on the line below it: private first.
      const [privateKey, publicKey] = printed.match(/^[A-Za-z0-9+/]{43}=$/gm) ?? []
      if (!privateKey || !publicKey) throw new Error(`rathole --genkey printed: ${printed}`)
      return {
        relay: `[server.transport]\ntype = "noise"\n[server.transport.noise]\nlocal_private_key = "${privateKey}"\n`,
        agent: `[client.transport]\ntype = "noise"\n[client.transport.noise]\nremote_public_key = "${publicKey}"\n`,
      }
    }
  }
}
