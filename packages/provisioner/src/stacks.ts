// Finds stacks by their tags: for `list`, and for `down` when the state file is lost.
import {
  DescribeAddressesCommand,
  DescribeRegionsCommand,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
  type EC2Client,
  type Tag,
} from '@aws-sdk/client-ec2'
import { explain } from './aws-error.ts'
import { managed, placeTagKey, stackTagKey, tagValue } from './tags.ts'

export interface FoundStack {
  readonly region: string
  readonly stack: string
  readonly place: string
  readonly resources: readonly string[]
}

/** Every stack of the account in one region, by what it has there. */
export async function findStacks(ec2: EC2Client, region: string): Promise<FoundStack[]> {
  const stacks = new Map<string, { place: string; resources: string[] }>()
  const add = (tags: Tag[] | undefined, id: string | undefined): void => {
    const stack = tagValue(tags, stackTagKey)
    if (stack === undefined || id === undefined) return
    const known = stacks.get(stack) ?? { place: tagValue(tags, placeTagKey) ?? '', resources: [] }
    known.resources.push(id)
    stacks.set(stack, known)
  }
  try {
    for await (const page of paginateDescribeInstances({ client: ec2 }, { Filters: managed })) {
      for (const one of (page.Reservations ?? []).flatMap((some) => some.Instances ?? [])) {
        if (one.State?.Name !== 'terminated') add(one.Tags, one.InstanceId)
      }
    }
  } catch (error) {
    explain('ec2:DescribeInstances', `list the instances of ${region}`)(error)
  }
  try {
    const pages = paginateDescribeSecurityGroups({ client: ec2 }, { Filters: managed })
    for await (const page of pages) {
      for (const one of page.SecurityGroups ?? []) add(one.Tags, one.GroupId)
    }
  } catch (error) {
    explain('ec2:DescribeSecurityGroups', `list the security groups of ${region}`)(error)
  }
  const { Addresses = [] } = await ec2
    .send(new DescribeAddressesCommand({ Filters: managed }))
    .catch(explain('ec2:DescribeAddresses', `list the Elastic IPs of ${region}`))
  for (const one of Addresses) add(one.Tags, one.AllocationId)
  return [...stacks].map(([stack, { place, resources }]) => ({ region, stack, place, resources }))
}

/** The regions that the account may use. */
export async function enabledRegions(ec2: EC2Client): Promise<string[]> {
  const { Regions = [] } = await ec2
    .send(new DescribeRegionsCommand({}))
    .catch(explain('ec2:DescribeRegions', 'list the regions'))
  return Regions.map((one) => one.RegionName ?? '').toSorted()
}
