// Where and on what the relay may run: a list of candidates, best first, which the launch tries in
// turn when AWS has no capacity. Default subnets of the default VPC, or the one of --subnet.
import {
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes,
  paginateDescribeSubnets,
  DescribeVpcsCommand,
  type Subnet,
} from '@aws-sdk/client-ec2'
import { SallyportError } from '@sallyport/protocol'
import { explain } from './aws-error.ts'
import type { Cloud } from './cloud.ts'
import { findImage, findUbuntu, type Architecture, type ChosenImage } from './image.ts'
import type { Settings } from './settings.ts'

export interface Candidate {
  readonly instanceType: string
  readonly imageId: string
  readonly rootDevice: string
  readonly subnetId: string
  readonly zone: string
  readonly hasIpv6: boolean
}

export interface Placement {
  readonly vpcId: string
  readonly candidates: readonly Candidate[]
  readonly images: readonly ChosenImage[]
}

/** Cheapest first (cost.ts). The default's own zones come before another type. */
const fallbackTypes = ['t4g.nano', 't3a.nano', 't3.nano', 't2.nano']

/** Asks AWS what the settings mean there; throws SP_AWS_NETWORK, SP_AWS_IMAGE, SP_AWS_CAPACITY. */
export async function findPlacement(
  cloud: Cloud,
  settings: Settings,
  now: Date,
): Promise<Placement> {
  const subnets = await findSubnets(cloud, settings.subnetId)
  const vpcId = subnets[0]?.VpcId ?? ''
  const fixed =
    settings.imageId === undefined ? undefined : await findImage(cloud, settings.imageId)
  const types = settings.isInstanceTypeChosen ? [settings.instanceType] : fallbackTypes
  const architectures = await architecturesOf(cloud, types)
  const zones = await offeredZones(cloud, types)
  const images = new Map<Architecture, ChosenImage>()
  const candidates: Candidate[] = []
  for (const instanceType of types) {
    const supported = architectures.get(instanceType) ?? []
    const architecture = fixed?.architecture ?? supported[0]
    if (architecture === undefined || !supported.includes(architecture)) continue
    const usable = subnets.filter((subnet) =>
      zones.has(`${instanceType} ${subnet.AvailabilityZone ?? ''}`),
    )
    if (usable.length === 0) continue
    const image = fixed ?? images.get(architecture) ?? (await findUbuntu(cloud, architecture, now))
    images.set(architecture, image)
    candidates.push(...usable.map((subnet) => candidate(instanceType, image, subnet)))
  }
  if (candidates.length > 0) return { vpcId, candidates, images: [...images.values()] }
  throw nothingFits(cloud, settings, fixed)
}

function candidate(instanceType: string, image: ChosenImage, subnet: Subnet): Candidate {
  return {
    instanceType,
    imageId: image.id,
    rootDevice: image.rootDevice,
    subnetId: subnet.SubnetId ?? '',
    zone: subnet.AvailabilityZone ?? '',
    hasIpv6: (subnet.Ipv6CidrBlockAssociationSet ?? []).some(
      (block) => block.Ipv6CidrBlockState?.State === 'associated',
    ),
  }
}

function nothingFits(cloud: Cloud, settings: Settings, image?: ChosenImage): SallyportError {
  const type = settings.instanceType
  const wanted = image === undefined ? type : `${type} for ${image.id} (${image.architecture})`
  return new SallyportError(
    'SP_AWS_IMAGE',
    `${cloud.region} offers no ${wanted} in the zones of these subnets; set INSTANCE_TYPE to a type of that architecture, or another AWS_REGION_NAME or --subnet`,
  )
}

async function findSubnets(cloud: Cloud, subnetId: string | undefined): Promise<Subnet[]> {
  const doing = subnetId === undefined ? 'list the default subnets' : `look at ${subnetId}`
  const vpcId = subnetId === undefined ? await defaultVpc(cloud) : ''
  const input =
    subnetId === undefined
      ? {
          Filters: [
            { Name: 'vpc-id', Values: [vpcId] },
            { Name: 'default-for-az', Values: ['true'] },
          ],
        }
      : { SubnetIds: [subnetId] }
  const found: Subnet[] = []
  try {
    for await (const page of paginateDescribeSubnets({ client: cloud.ec2 }, input)) {
      found.push(...(page.Subnets ?? []))
    }
  } catch (error) {
    explain('ec2:DescribeSubnets', doing)(error)
  }
  if (found.length === 0) {
    throw new SallyportError(
      'SP_AWS_NETWORK',
      `the default VPC ${vpcId} has no default subnet; set --subnet, or run aws ec2 create-default-subnet`,
    )
  }
  return found.toSorted((one, other) =>
    (one.AvailabilityZone ?? '').localeCompare(other.AvailabilityZone ?? ''),
  )
}

async function defaultVpc(cloud: Cloud): Promise<string> {
  const { Vpcs = [] } = await cloud.ec2
    .send(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }))
    .catch(explain('ec2:DescribeVpcs', 'look for the default VPC'))
  const id = Vpcs[0]?.VpcId
  if (id !== undefined) return id
  throw new SallyportError(
    'SP_AWS_NETWORK',
    `${cloud.region} has no default VPC; set --subnet, or make one with aws ec2 create-default-vpc`,
  )
}

/** By filter, not by name: a type that the region does not know is then absent, not an error. */
async function architecturesOf(
  cloud: Cloud,
  types: readonly string[],
): Promise<Map<string, Architecture[]>> {
  const found = new Map<string, Architecture[]>()
  try {
    const input = { Filters: [{ Name: 'instance-type', Values: [...types] }] }
    for await (const page of paginateDescribeInstanceTypes({ client: cloud.ec2 }, input)) {
      for (const type of page.InstanceTypes ?? []) {
        const known = (type.ProcessorInfo?.SupportedArchitectures ?? []).filter(
          (one) => one === 'arm64' || one === 'x86_64',
        )
        found.set(type.InstanceType ?? '', known)
      }
    }
  } catch (error) {
    explain('ec2:DescribeInstanceTypes', 'look at the instance types')(error)
  }
  return found
}

/** The set of "TYPE ZONE" that the region offers. */
async function offeredZones(cloud: Cloud, types: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  try {
    const input = {
      LocationType: 'availability-zone' as const,
      Filters: [{ Name: 'instance-type', Values: [...types] }],
    }
    for await (const page of paginateDescribeInstanceTypeOfferings({ client: cloud.ec2 }, input)) {
      for (const offer of page.InstanceTypeOfferings ?? []) {
        found.add(`${offer.InstanceType ?? ''} ${offer.Location ?? ''}`)
      }
    }
  } catch (error) {
    explain('ec2:DescribeInstanceTypeOfferings', 'look where the types are offered')(error)
  }
  return found
}
