// The machine and the versions of the tools, as a figure must be read with them.
import { cpus, release, totalmem } from 'node:os'
import { readFile } from 'node:fs/promises'
import type { Bench } from './bench.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly congestionControl: string
  readonly node: string
  readonly tools: Readonly<Record<string, string>>
}

export async function describeMachine(bench: Bench, nodeVersion: string): Promise<Machine> {
  const { iperf3, nginx, wrk } = bench.tools
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    congestionControl: (await readFile('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8')).trim(),
    node: nodeVersion,
    tools: {
      iperf3: await readVersion(bench, [iperf3, '--version']),
      wrk: await readVersion(bench, [wrk, '--version']),
      nginx: await readVersion(bench, [nginx, '-v']),
    },
  }
}

/** The line with the version of what a program prints, whatever its exit status; wrk's is 1. */
export async function readVersion(bench: Bench, argv: readonly string[]): Promise<string> {
  const place = bench.topology.relay
  const running = bench.processes.start({ name: argv.join(' '), argv, place })
  try {
    await running.ended(10_000)
    return findVersion(`${running.stdout}\n${running.stderr}`)
  } finally {
    await bench.processes.stop(running)
  }
}

/** A line that says "version", else one that looks like a version, else the first. */
export function findVersion(output: string): string {
  const lines = output.split('\n').map((line) => line.trim())
  const line =
    lines.find((text) => /version\W+\S*\d+\.\d+/i.test(text)) ??
    lines.find((text) => /\d+\.\d+/.test(text)) ??
    lines.find((text) => text !== '')
  return line?.replaceAll(/\s+/g, ' ').slice(0, 100) ?? 'unknown'
}
