// What the fake account holds, and how AWS makes one wait for it. Lag is counted in looks, not in
// time, so that every run is the same: a fresh thing is unseen by the first `lag` looks at its kind.
import { randomBytes, randomInt } from 'node:crypto'

export class AwsFault extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

export interface Tagged {
  readonly id: string
  tags: Record<string, string>
  /** Looks at its kind that do not see it yet. */
  hidden: number
}

export interface Group extends Tagged {
  readonly name: string
  readonly vpcId: string
  readonly openings: Set<string>
}

export interface Instance extends Tagged {
  readonly clientToken: string
  /** The whole request, to compare a repeat with. */
  readonly request: string
  readonly imageId: string
  readonly type: string
  readonly architecture: string
  readonly subnetId: string
  readonly vpcId: string
  readonly zone: string
  readonly groupIds: readonly string[]
  readonly userData: string
  readonly launch: Readonly<Record<string, unknown>>
  /** The address of the machine itself; the public one is translated to it. */
  readonly machineAddress: string
  readonly ipv6Address: string | undefined
  ownAddress: string | undefined
  state: 'pending' | 'running' | 'shutting-down' | 'terminated'
  /** Looks until the state moves on. */
  turns: number
  /** Looks, once terminated, until its interface and disk are gone. */
  lingering: number
  console: string
}

export interface Address extends Tagged {
  readonly publicAddress: string
  /** Looks at the instance by which it still shows the address that it had before. */
  unshown: number
  instanceId: string | undefined
  associationId: string | undefined
}

export interface Subnet {
  readonly id: string
  readonly zone: string
  readonly hasIpv6: boolean
}

export interface InstanceType {
  readonly name: string
  readonly architectures: readonly string[]
  readonly zones: readonly string[]
}

export interface Image {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly architecture: string
  readonly created: string
  readonly deprecated: string
}

export interface RecordSet {
  readonly name: string
  readonly type: string
  readonly ttl: string
  readonly values: readonly string[]
}

export interface HostedZone {
  readonly id: string
  readonly name: string
  readonly isPrivate: boolean
  records: RecordSet[]
}

export interface WorldOptions {
  /** Looks by which views and states lag. */
  readonly lag: number
  readonly hasDefaultVpc: boolean
  /** Whether the VPC gives instances public DNS names (enableDnsHostnames). */
  readonly hasPublicNames: boolean
  readonly regions: readonly string[]
}

export const canonical = '099720109477'

export class World {
  readonly options: WorldOptions
  readonly vpcId = 'vpc-0a1b2c3d4e5f60718'
  readonly subnets: Subnet[] = ['a', 'b', 'c'].map((letter, index) => ({
    id: `subnet-0000000000000000${letter}`,
    zone: `us-west-2${letter}`,
    hasIpv6: index === 0,
  }))
  types: InstanceType[] = [
    { name: 't4g.nano', architectures: ['arm64'], zones: ['us-west-2a', 'us-west-2b'] },
    { name: 't3a.nano', architectures: ['x86_64'], zones: ['us-west-2b', 'us-west-2c'] },
    { name: 't3.nano', architectures: ['x86_64'], zones: ['us-west-2a', 'us-west-2c'] },
    { name: 'm7g.medium', architectures: ['arm64'], zones: ['us-west-2a'] },
    { name: 't2.nano', architectures: ['i386', 'x86_64'], zones: ['us-west-2a'] },
  ]
  images: Image[] = ['amd64', 'arm64'].flatMap((part) =>
    ['20260301', '20260801', '20251001'].map((day, index) => ({
      id: `ami-${part === 'amd64' ? '0a' : '0b'}${day}000000${index}`,
      name: `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${part}-server-${day}`,
      owner: canonical,
      architecture: part === 'amd64' ? 'x86_64' : 'arm64',
      created: `${day.slice(0, 4)}-${day.slice(4, 6)}-01T00:00:00.000Z`,
      deprecated: '2028-01-01T00:00:00.000Z',
    })),
  )
  readonly groups: Group[] = []
  readonly instances: Instance[] = []
  readonly addresses: Address[] = []
  readonly zones: HostedZone[] = []
  readonly changes = new Map<string, number>()
  /** Told of what happens to machines; the process tier boots and ends them here. */
  onBoot: (instance: Instance) => void = () => {}
  onEnd: (instance: Instance) => void = () => {}
  onAddress: (address: Address) => void = () => {}
  /** Loopback addresses of this fake alone: two of them on one machine do not meet. */
  readonly #network = `127.${randomInt(64, 128)}.${randomInt(1, 255)}`
  #host = 1

  constructor(options: WorldOptions) {
    this.options = options
  }

  id(prefix: string): string {
    return `${prefix}-0${randomBytes(8).toString('hex')}`
  }

  nextAddress(): string {
    return `${this.#network}.${this.#host++}`
  }

  /** Those of a kind that a look sees now; the look brings the others nearer. */
  look<One extends Tagged>(kind: readonly One[]): One[] {
    return kind.filter((one) => (one.hidden > 0 ? (one.hidden--, false) : true))
  }

  /** Finds by id like a request that names it: fresh things are not known everywhere at once. */
  find<One extends Tagged>(kind: readonly One[], id: string | undefined, fault: string): One {
    const found = kind.find((one) => one.id === id)
    if (found === undefined || found.hidden-- > 0) {
      throw new AwsFault(fault, `The ID '${id ?? ''}' does not exist`)
    }
    found.hidden = 0
    return found
  }

  /** Moves every machine one look further. */
  tick(): void {
    for (const one of this.instances) {
      if (one.turns > 0) one.turns--
      else if (one.state === 'pending') {
        one.state = 'running'
        one.ownAddress ??= this.nextAddress()
        this.onBoot(one)
      } else if (one.state === 'shutting-down') {
        one.state = 'terminated'
        one.ownAddress = undefined
        one.lingering = this.options.lag
      } else if (one.state === 'terminated' && one.lingering > 0) one.lingering--
    }
  }

  /** By TerminateInstances, or by the machine's own power-off. */
  end(instance: Instance): void {
    if (instance.state === 'shutting-down' || instance.state === 'terminated') return
    instance.state = 'shutting-down'
    instance.turns = this.options.lag
    for (const address of this.addresses) {
      if (address.instanceId !== instance.id) continue
      address.instanceId = undefined
      address.associationId = undefined
      this.onAddress(address)
    }
    this.onEnd(instance)
  }

  /** Everything that costs or blocks; empty = the account is clean. */
  remaining(): string[] {
    return [
      ...this.instances.filter((one) => one.state !== 'terminated').map((one) => one.id),
      ...this.groups.map((one) => one.id),
      ...this.addresses.map((one) => one.id),
      ...this.zones.flatMap((zone) =>
        zone.records.filter((one) => !['NS', 'SOA'].includes(one.type)).map((one) => one.name),
      ),
    ]
  }
}
