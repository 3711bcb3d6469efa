// Which packets may come in, as plain values: what the settings ask for, and the EC2 form of it.
// Port 22 is in none of them. Going out everything is allowed: EC2's default for a new group.
import type { IpPermission } from '@aws-sdk/client-ec2'
import type { PortRange, Settings } from './settings.ts'

/** One opening, written "tcp 443 443 0.0.0.0/0": equal openings are equal strings. */
export type Opening = string

const everyone = ['0.0.0.0/0', '::/0'] as const

/** ICMP as EC2 writes it: type in "from", code in "to", -1 = any code. */
const icmp: readonly Opening[] = [
  // Echo request (RFC 792, RFC 4443 §4.1): people ping.
  'icmp 8 -1 0.0.0.0/0',
  'icmpv6 128 -1 ::/0',
  // Fragmentation needed (RFC 1191) and packet too big (RFC 4443 §3.2): path MTU discovery.
  'icmp 3 4 0.0.0.0/0',
  'icmpv6 2 0 ::/0',
]

/** Every opening of a stack. Port 80 only beside 443, where a person's browser would try it. */
export function openingsFor(settings: Pick<Settings, 'relayPort' | 'tcpPorts'>): Opening[] {
  const single = (port: number): PortRange => ({ from: port, to: port })
  const ranges = [
    single(settings.relayPort),
    ...(settings.relayPort === 443 ? [single(80)] : []),
    ...settings.tcpPorts,
  ]
  const tcp = ranges.flatMap(({ from, to }) => everyone.map((cidr) => `tcp ${from} ${to} ${cidr}`))
  return [...new Set([...tcp, ...icmp])].toSorted()
}

export function toPermission(opening: Opening): IpPermission {
  const [IpProtocol = '', from, to, cidr = ''] = opening.split(' ')
  return {
    IpProtocol,
    FromPort: Number(from),
    ToPort: Number(to),
    ...(cidr.includes(':')
      ? { Ipv6Ranges: [{ CidrIpv6: cidr }] }
      : { IpRanges: [{ CidrIp: cidr }] }),
  }
}

/** What EC2 says is open; one permission may hold several ranges. */
export function toOpenings(permissions: readonly IpPermission[] | undefined): Opening[] {
  return (permissions ?? [])
    .flatMap((one) => {
      const cidrs = [
        ...(one.IpRanges ?? []).map((range) => range.CidrIp ?? ''),
        ...(one.Ipv6Ranges ?? []).map((range) => range.CidrIpv6 ?? ''),
      ]
      // A rule for every protocol has no ports.
      const head = [one.IpProtocol ?? '', one.FromPort ?? -1, one.ToPort ?? -1].join(' ')
      return cidrs.map((cidr) => `${head} ${cidr}`)
    })
    .toSorted()
}
