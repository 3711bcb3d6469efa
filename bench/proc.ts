// What Linux says about processes: the tree below one, CPU seconds, resident memory, and whether
// a port is listened on. Reads /proc only.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

/** USER_HZ: the unit of utime and stime is 1/100 s on every Linux that Node runs on (proc(5)). */
const ticksPerSecond = 100

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
  /** Of its children that have ended and were waited for. */
  readonly endedCpuSeconds: number
}

/** Parses /proc/PID/stat: the name in brackets may itself hold brackets and spaces. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // proc(5) counts from 1 and the fields here begin with number 3: parent 4, utime 14, stime 15,
  // cutime 16, cstime 17.
  const field = (number: number) => Number(fields[number - 3])
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
    endedCpuSeconds: (field(16) + field(17)) / ticksPerSecond,
  }
}

function readStat(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // it ended meanwhile
  }
}

/** `pid` and all of its descendants, parents before children. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat.pid])
  }
  const tree = [pid]
  for (const parent of tree) tree.push(...(children.get(parent) ?? []))
  return tree
}

/** User and system time of all threads of the processes and of what they started, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  return sum(pids.flatMap(processTree).map((pid) => readStat(pid)?.cpuSeconds ?? 0))
}

/** The same with what their children that have ended used. */
export function cpuSecondsWithEnded(pids: readonly number[]): number {
  const stats = pids.flatMap(processTree).map(readStat)
  return sum(stats.map((stat) => (stat ? stat.cpuSeconds + stat.endedCpuSeconds : 0)))
}

/** Resident memory of the processes and of what they started, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  return sum(pids.flatMap(processTree).map(readResidentBytes))
}

function readResidentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib ?? 0) * 1024
  } catch {
    return 0 // it ended meanwhile
  }
}

/** How the machine's time since boot was spent, in seconds over all cores. */
export interface MachineTime {
  readonly total: number
  /** In programs and in the kernel on their behalf; interrupts are nobody's. */
  readonly busy: number
  /** Taken away by a hypervisor. */
  readonly stolen: number
}

/** Parses the first line of /proc/stat: user nice system idle iowait irq softirq steal. */
export function parseMachineTime(text: string): MachineTime {
  const line = /^cpu +(.*)$/m.exec(text)?.[1] ?? ''
  const seconds = line.split(' ').map((ticks) => Number(ticks) / ticksPerSecond)
  const [user = 0, nice = 0, system = 0] = seconds
  return { total: sum(seconds.slice(0, 8)), busy: user + nice + system, stolen: seconds[7] ?? 0 }
}

export function readMachineTime(): MachineTime {
  return parseMachineTime(readFileSync('/proc/stat', 'utf8'))
}

/** True when a port is listened on in the network namespace of `pid`. */
export function isListening(pid: number, port: number): boolean {
  const local = new RegExp(`:${hexPort(port)} [0-9A-F]+:0000 0A`)
  return ['tcp', 'tcp6'].some((table) => local.test(readStart(`/proc/${pid}/net/${table}`)))
}

/** True while a connection that came to `port` is open, also half, in the network namespace of `pid`. */
export function isConnected(pid: number, port: number): boolean {
  const local = new RegExp(`:${hexPort(port)} [0-9A-F]+:[0-9A-F]{4} (?:01|08) `)
  return ['tcp', 'tcp6'].some((table) =>
    local.test(readFileSync(`/proc/${pid}/net/${table}`, 'latin1')),
  )
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}

/** Listeners stand first in the table: the tens of thousands of others need not be read. */
function readStart(file: string): string {
  const buffer = Buffer.alloc(64 * 1024)
  let descriptor
  try {
    descriptor = openSync(file, 'r')
    return buffer.toString('latin1', 0, readSync(descriptor, buffer))
  } catch {
    return ''
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
