// The look-up of a name as this machine's programs do it.
import { lookup } from 'node:dns/promises'

/** Its IPv4 addresses; empty when it has none, or nobody could be asked. */
export async function resolveName(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true, family: 4 }).catch(() => [])
  return found.map((one) => one.address)
}
