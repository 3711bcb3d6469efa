// Whether something listens at a target of this machine, found without dialling it: a dial would be
// taken by an origin that serves once (`nc -l 3000`), and be a visit in everybody's log.
import { readFile, stat } from 'node:fs/promises'
import type { Target } from '@sallyport/protocol'
import { fileErrorCode } from '@sallyport/settings'
import { shownListeners } from './limits.ts'

/** Undefined when it cannot be told: another machine's address, or no /proc. */
export type FindListener = (target: Target) => Promise<boolean | undefined>

/** Addresses as /proc/net/tcp and tcp6 write them: 32-bit words in the machine's order (proc(5)). */
const wildcards = ['00000000', '00000000000000000000000000000000']
const loopback4 = ['0100007F', '0000000000000000FFFF00000100007F', ...wildcards]
const loopback6 = ['00000000000000000000000001000000', '00000000000000000000000000000000']

/** What a socket that serves the host may be bound to. A wildcard IPv6 socket mostly takes IPv4 too. */
const bindings: Readonly<Record<string, readonly string[]>> = {
  localhost: [...loopback4, ...loopback6],
  '127.0.0.1': loopback4,
  '::1': loopback6,
}

const listenState = '0A'

export const findListener: FindListener = async (target) => {
  if (target.kind === 'unix') return await exists(target.path)
  const addresses = bindings[target.host]
  if (!addresses) return undefined
  const tables = await Promise.all([read('/proc/net/tcp'), read('/proc/net/tcp6')])
  if (tables[0] === undefined) return undefined
  const port = target.port.toString(16).toUpperCase().padStart(4, '0')
  const bound = new Set(addresses.map((address) => `${address}:${port}`))
  return tables.some((table) => listenersOf(table ?? '').some((local) => bound.has(local)))
}

/** True of an address of this machine's own, as far as its name tells. */
export function isHere(target: Target): boolean {
  return target.kind !== 'unix' && Object.hasOwn(bindings, target.host)
}

/** Undefined where it cannot be told. */
export type ListListeners = () => Promise<readonly number[] | undefined>

/** Every TCP port that somebody listens on here, in order; undefined when it cannot be told. */
export const listListeners: ListListeners = async () => {
  const tables = await Promise.all([read('/proc/net/tcp'), read('/proc/net/tcp6')])
  if (tables[0] === undefined) return undefined
  const served = new Set([...loopback4, ...loopback6])
  const ports = tables.flatMap((table) => listenersOf(table ?? ''))
  const here = ports.flatMap((local) => {
    const [address = '', port = ''] = local.split(':')
    return served.has(address) ? [Number.parseInt(port, 16)] : []
  })
  return [...new Set(here)].toSorted((one, other) => one - other)
}

/** "; ports that are served here: 3000, 5173", or nothing where that is not known. */
export function listeningHere(ports: readonly number[] | undefined): string {
  if (ports === undefined) return ''
  if (ports.length === 0) return '; nothing listens on this machine at all'
  const shown = ports.slice(0, shownListeners).join(', ')
  const more = ports.length > shownListeners ? ` and ${ports.length - shownListeners} more` : ''
  return `; ports that are served here: ${shown}${more}`
}

/** Lines: number, local address, remote address, state, … */
function listenersOf(table: string): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === listenState ? [local] : []
  })
}

/** A socket file that nobody listens on looks like any other: only its absence says something. */
async function exists(path: string): Promise<boolean | undefined> {
  try {
    await stat(path)
    return undefined
  } catch (error) {
    return fileErrorCode(error) === 'ENOENT' ? false : undefined
  }
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, 'latin1').catch(() => undefined)
}
