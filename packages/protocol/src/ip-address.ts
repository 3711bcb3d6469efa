// IP addresses between text and bytes. IPv4 as four decimal numbers without leading zeros (which
// some read as octal), IPv6 as in RFC 4291 §2.2, written as in RFC 5952. No zone ids.

const digitZero = 0x30

/** The 4 or 16 bytes of an address, or undefined when the text is none. */
export function ipToBytes(text: string): Buffer | undefined {
  return text.includes(':') ? ipv6ToBytes(text) : ipv4ToBytes(text)
}

export function isIp(text: string): boolean {
  return ipToBytes(text) !== undefined
}

/** An address or name of this machine that no other reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  const ipv4 = host.startsWith('::ffff:') ? host.slice(7) : host
  return ipv4.startsWith('127.') && ipv4ToBytes(ipv4) !== undefined
}

/** The text of 4 or 16 bytes. */
export function bytesToIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text(bytes, 0)
  if (isMappedIpv4(bytes)) return `::ffff:${ipv4Text(bytes, 12)}`
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  const gap = longestZeros(groups)
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (gap.length < 2) return hex(groups)
  return `${hex(groups.slice(0, gap.start))}::${hex(groups.slice(gap.start + gap.length))}`
}

/** True for ::ffff:a.b.c.d, which is how a dual-stack socket names an IPv4 peer. */
export function isMappedIpv4(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 &&
    bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff &&
    bytes[11] === 0xff
  )
}

function ipv4Text(bytes: Uint8Array, at: number): string {
  const byte = (n: number): number => bytes[at + n] ?? 0
  return `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`
}

/** By hand and not by split: it runs for every visitor. */
function ipv4ToBytes(text: string): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(4)
  let part = 0
  let number: number | undefined
  for (let at = 0; at <= text.length; at++) {
    const digit = text.charCodeAt(at) - digitZero
    if (digit >= 0 && digit <= 9) {
      if (number === 0) return undefined
      number = 10 * (number ?? 0) + digit
      if (number > 255) return undefined
      continue
    }
    const isEnd = at === text.length || text[at] === '.'
    if (!isEnd || number === undefined || part === 4) return undefined
    bytes[part++] = number
    number = undefined
  }
  return part === 4 ? bytes : undefined
}

function ipv6ToBytes(text: string): Buffer | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, at) => groupsToBytes(half, at === halves.length - 1))
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  // `::` stands for one group of zeros at least.
  if (tail === undefined || head.length + tail.length > 14) return undefined
  return Buffer.concat([head, Buffer.alloc(16 - head.length - tail.length), tail])
}

/** The bytes of `a:b:c`; only the last part of an address may end as IPv4. */
function groupsToBytes(text: string, mayEndAsIpv4: boolean): Buffer | undefined {
  if (text === '') return Buffer.alloc(0)
  const groups = text.split(':')
  const bytes: Buffer[] = []
  for (const [at, group] of groups.entries()) {
    const ipv4 = mayEndAsIpv4 && at === groups.length - 1 ? ipv4ToBytes(group) : undefined
    if (ipv4 === undefined && !/^[0-9a-f]{1,4}$/i.test(group)) return undefined
    bytes.push(ipv4 ?? Buffer.from(group.padStart(4, '0'), 'hex'))
  }
  return Buffer.concat(bytes)
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [at, group] of groups.entries()) {
    if (group !== 0) start = at + 1
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start }
  }
  return best
}
