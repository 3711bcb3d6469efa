// Everything in EC2 that carries a stack's tag, of every kind that costs or blocks. The kinds are
// asked one by one: the tag index (DescribeTags) still names what ended an hour ago.
import { paginateDescribeNetworkInterfaces, paginateDescribeVolumes } from '@aws-sdk/client-ec2'
import { observeAddresses } from './address.ts'
import { explain } from './aws-error.ts'
import type { Cloud } from './cloud.ts'
import { observeInstances } from './instance.ts'
import { observeGroups } from './security-group.ts'
import { ownedBy } from './tags.ts'

/** Ids; empty when the stack is gone. */
export async function findLeftovers(cloud: Cloud): Promise<string[]> {
  return [
    ...(await observeInstances(cloud)).map((one) => one.id),
    ...(await observeAddresses(cloud)).map((one) => `${one.allocationId} (${one.publicAddress})`),
    ...(await observeGroups(cloud)).map((one) => one.id),
    ...(await volumes(cloud)),
    ...(await networkInterfaces(cloud)),
  ]
}

async function volumes(cloud: Cloud): Promise<string[]> {
  const found: string[] = []
  try {
    const input = { Filters: ownedBy(cloud.name.stack) }
    for await (const page of paginateDescribeVolumes({ client: cloud.ec2 }, input)) {
      found.push(...(page.Volumes ?? []).map((one) => one.VolumeId ?? ''))
    }
  } catch (error) {
    explain('ec2:DescribeVolumes', 'list the volumes')(error)
  }
  return found
}

async function networkInterfaces(cloud: Cloud): Promise<string[]> {
  const found: string[] = []
  try {
    const input = { Filters: ownedBy(cloud.name.stack) }
    for await (const page of paginateDescribeNetworkInterfaces({ client: cloud.ec2 }, input)) {
      found.push(...(page.NetworkInterfaces ?? []).map((one) => one.NetworkInterfaceId ?? ''))
    }
  } catch (error) {
    explain('ec2:DescribeNetworkInterfaces', 'list the network interfaces')(error)
  }
  return found
}
