// Ours: `relay init` makes key and join string, `relay` serves, `agent connect` dials. What runs is what
// users run, the built bundles (`npm run build`, done here): from sources, Node's TypeScript loader
// alone takes 37 MiB.
import { join } from 'node:path'
import { buildBundle } from '../../scripts/bundle.ts'
import type { Bench } from '../bench.ts'
import type { Ports } from '../origins/origins.ts'
import type { Peer, Plan, PlanOptions } from './peer.ts'

/** The name under which the relay terminates TLS for `idle-tls`. */
export const tlsName = 'idle.bench.test'

const readyLine = /"event":\s*"ready"/

export function createOurs(connections: number): Peer {
  return {
    id: connections === 1 ? 'ours' : `ours-${connections}`,
    label: connections === 1 ? 'Sallyport' : `Sallyport, ${connections} connections`,
    protection: 'encrypted',
    programs: [],
    // The programs of the workspace have no version of their own between releases.
    version: ['git', 'describe', '--always', '--dirty'],
    reconnects: true,
    plan: (bench, options) =>
      plan(bench, options, [
        ...(connections === 1 ? [] : ['--connections', String(connections)]),
        ...forwards(options),
      ]),
    planTls: (bench, options) =>
      plan(bench, options, ['--url', `tls://${tlsName}`, `127.0.0.1:${options.origins.late}`]),
  }
}

function forwards({ origins, visitors }: PlanOptions): string[] {
  return (['iperf3', 'http', 'late'] as const).flatMap((port) => [
    '-R',
    `${visitors[port]}:127.0.0.1:${origins[port]}`,
  ])
}

function portRange(ports: Ports): string {
  const all = [ports.iperf3, ports.http, ports.late]
  return `${Math.min(...all)}-${Math.max(...all)}`
}

async function plan(
  bench: Bench,
  { door, directory, visitors }: PlanOptions,
  agentArguments: readonly string[],
): Promise<Plan> {
  const { relay, agent, relayHost } = bench.topology
  const [relayProgram, agentProgram] = await bundles(bench.root)
  const node = join(bench.root, 'node_modules/.bin/node')
  const state = join(directory, 'relay')
  const printed = await bench.processes.run(
    {
      name: 'relay init',
      argv: [
        [node, relayProgram, 'init', '--dir', state, '--host', relayHost],
        ['--listen', `${relayHost}:${door}`, '--tcp-ports', portRange(visitors)],
      ].flat(),
      place: relay,
    },
    10_000,
  )
  return {
    relay: { name: 'relay', argv: [node, relayProgram, '--dir', state], place: relay },
    agents: [
      {
        name: 'agent connect',
        argv: [[node, agentProgram, 'connect', '--json'], ...agentArguments].flat(),
        place: agent,
        env: { SALLYPORT_JOIN: printed.trim() },
      },
    ],
    readyLine,
  }
}

let built: Promise<readonly [string, string]> | undefined

/** Both programs' bundles, built once a run. */
function bundles(root: string): Promise<readonly [string, string]> {
  built ??= build(root)
  return built
}

async function build(root: string): Promise<readonly [string, string]> {
  const relay = join(root, 'bench/results/relay.mjs')
  const agent = join(root, 'bench/results/agent.mjs')
  await buildBundle('relay', relay)
  await buildBundle('agent', agent)
  return [relay, agent]
}
