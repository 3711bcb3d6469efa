// Rules on visitors' addresses: lists of addresses and CIDR blocks, allowed, denied or trusted. Pure.
import { BlockList, isIP } from 'node:net'
import { badInput } from '@sallyport/protocol'

/** A set of addresses, from entries like `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export class AddressSet {
  readonly #blocks = new BlockList()

  /** @throws {SallyportError} SP_CONFIG for an entry that is neither address nor block. */
  constructor(entries: readonly string[], where: string) {
    for (const entry of entries) this.#add(entry.trim(), where)
  }

  has(address: string): boolean {
    const plain = plainAddress(address)
    const version = isIP(plain)
    return version !== 0 && this.#blocks.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }

  #add(entry: string, where: string): void {
    const match = /^([0-9a-fA-F:.]+)(?:\/([0-9]{1,3}))?$/.exec(entry)
    const address = match?.[1] ?? ''
    const version = isIP(address)
    const widest = version === 4 ? 32 : 128
    const prefix = match?.[2] === undefined ? widest : Number(match[2])
    if (version === 0 || prefix > widest) {
      throw badInput('SP_CONFIG', {
        what: 'address',
        where,
        value: entry,
        right: 'an IP address or a block like 10.0.0.0/8',
      })
    }
    this.#blocks.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
  }
}

export interface AddressRules {
  /** When given, nobody else is let in. */
  readonly allow?: AddressSet | undefined
  /** Wins over `allow`. */
  readonly deny?: AddressSet | undefined
}

/** An address that cannot be read is let in by no `allow` list and stopped by any `deny` list. */
export function isAllowed(rules: AddressRules, address: string): boolean {
  if (isIP(plainAddress(address)) === 0) return !rules.allow && !rules.deny
  if (rules.deny?.has(address)) return false
  return rules.allow?.has(address) ?? true
}

/** An IPv4 address that is written as an IPv6 one counts as what it is; zones are cut off. */
export function plainAddress(address: string): string {
  const bare = address.split('%', 1)[0] ?? ''
  const mapped = /^::ffff:([0-9.]+)$/i.exec(bare)
  return mapped?.[1] ?? bare
}
