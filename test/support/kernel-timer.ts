// Which timer Linux runs for a TCP connection over 127.0.0.1.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

/** What tells in /proc/net/tcp that a timer is the keep-alive's (proc(5), `tr`). */
const keepAliveTimer = '02'
const ticksPerSecond = 100

export interface KernelTimer {
  /** As /proc/net/tcp has it. */
  readonly kind: string
  readonly seconds: number
}

export function isKeepAlive({ kind }: KernelTimer): boolean {
  return kind === keepAliveTimer
}

const procText = (address: string, port: number | undefined): string =>
  `${address}:${(port ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Of our end of a connection: which timer the kernel runs, and the seconds until it ends. */
export async function kernelTimer({ localPort, remotePort }: Socket): Promise<KernelTimer> {
  const loopback = '0100007F'
  const ends = [procText(loopback, localPort), procText(loopback, remotePort)]
  const table = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  const fields = table.map((line) => line.trim().split(/\s+/))
  const own = fields.find(([, local, remote]) => local === ends[0] && remote === ends[1])
  const [kind = '', ticks] = own?.[5]?.split(':') ?? assert.fail('no such connection')
  return { kind, seconds: parseInt(ticks ?? '', 16) / ticksPerSecond }
}
