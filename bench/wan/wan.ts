// The user-space WAN: two network namespaces of this run's own, joined by delayline.c. Built by cc once
// a run. Needs root. The namespaces go with the handle, or with the process id in their names.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { FindProgram } from '../find-program.ts'
import type { Processes } from '../processes.ts'
import type { Place, Topology, WanProfile } from '../topology.ts'

export interface WanParts {
  readonly processes: Processes
  readonly findProgram: FindProgram
  readonly makeDirectory: (name: string) => Promise<string>
  /** The directory of the bench. */
  readonly directory: string
}

export interface Wan extends AsyncDisposable {
  readonly topology: Topology
}

const relayAddress = '10.77.0.1'
const agentAddress = '10.77.0.2'

/** As on any Ethernet path. */
const mtuBytes = 1500

/** Smallest tail-drop queue; otherwise it holds one bandwidth-delay product. */
const minQueueBytes = 256 * 1024

export async function startWan(
  { processes, findProgram, makeDirectory, directory }: WanParts,
  profile: WanProfile,
): Promise<Wan> {
  const need = (name: string) => {
    const path = findProgram(name)
    if (path === undefined) throw new Error(`--wan needs ${name} on PATH`)
    return path
  }
  const here: Place = { prefix: [] }
  const ip = need('ip')
  const run = (...argv: readonly string[]) =>
    processes.run({ name: argv.join(' '), argv, place: here }, 30_000)

  const delayline = join(await makeDirectory('wan'), 'delayline')
  await run(need('cc'), '-O2', '-o', delayline, join(directory, 'wan/delayline.c'))

  const ends = [
    { namespace: `sallyA${process.pid}`, device: `dlA${process.pid}`, address: relayAddress },
    { namespace: `sallyB${process.pid}`, device: `dlB${process.pid}`, address: agentAddress },
  ] as const
  const removeAll = () => {
    for (const { namespace } of ends) spawnSync(ip, ['netns', 'del', namespace])
  }
  // On a signal the process ends without disposing of anything.
  process.once('exit', removeAll)
  for (const { namespace } of ends) {
    await run(ip, 'netns', 'add', namespace)
    await run(ip, '-n', namespace, 'link', 'set', 'lo', 'up')
  }
  const line = processes.start({
    name: 'delayline',
    argv: [delayline, ends[0].device, ends[1].device, ...delaylineArguments(profile)],
    place: here,
  })
  await line.until('ready', 5_000, () => line.stderr.includes('ready'))
  for (const { namespace, device, address } of ends) {
    const inside = [ip, '-n', namespace]
    await run(ip, 'link', 'set', device, 'netns', namespace)
    await run(...inside, 'addr', 'add', `${address}/24`, 'dev', device)
    await run(...inside, 'link', 'set', device, 'mtu', `${mtuBytes}`, 'txqueuelen', '10000', 'up')
    // Per route, because the namespace's sysctl refuses what the machine does not list.
    const route = [...inside, 'route', 'replace', '10.77.0.0/24', 'dev', device, 'src', address]
    await run(...route, 'congctl', profile.congestionControl)
  }
  const place = (namespace: string): Place => ({ prefix: [ip, 'netns', 'exec', namespace] })
  return {
    topology: {
      relay: place(ends[0].namespace),
      agent: place(ends[1].namespace),
      relayHost: relayAddress,
      originHost: agentAddress,
      originBind: '0.0.0.0',
      wan: profile,
    },
    [Symbol.asyncDispose]: async () => {
      await processes.stopAll()
      removeAll()
      process.off('exit', removeAll)
    },
  }
}

/** One-way delay in µs, loss in ppm, rate in Mbit/s, queue in bytes. */
export function delaylineArguments(profile: WanProfile): string[] {
  const { rttMs, lossPercent, rateMbit } = profile
  const bandwidthDelayBytes = Math.round((rateMbit * 1e6 * (rttMs / 1000)) / 8)
  return [
    Math.round((rttMs * 1000) / 2),
    Math.round(lossPercent * 10_000),
    rateMbit,
    Math.max(minQueueBytes, bandwidthDelayBytes),
  ].map(String)
}
