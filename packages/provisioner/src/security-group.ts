// The stack's security group. EC2 has no ClientToken for it, but names are unique in a VPC: a
// "duplicate" after a crash is our own group whose id was never written down.
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  paginateDescribeSecurityGroups,
  RevokeSecurityGroupIngressCommand,
  type Filter,
  type SecurityGroup,
} from '@aws-sdk/client-ec2'
import { errorName, explain, isNotFound, translateAwsError } from './aws-error.ts'
import { poll, pollsWithin, type Cloud } from './cloud.ts'
import { toOpenings, toPermission, type Opening } from './firewall.ts'
import { groupDeleteWaitSeconds, settlePolls } from './limits.ts'
import { ownedBy, stackTagKey, tagSpecifications, tagValue } from './tags.ts'
import { whenVisible } from './when-visible.ts'

export interface ObservedGroup {
  readonly id: string
  readonly name: string
  readonly openings: readonly Opening[]
}

export async function observeGroups(cloud: Cloud): Promise<ObservedGroup[]> {
  const groups = await describeGroups(cloud, ownedBy(cloud.name.stack))
  return groups.map((group) => ({
    id: group.GroupId ?? '',
    name: group.GroupName ?? '',
    openings: toOpenings(group.IpPermissions),
  }))
}

/** The stack that owns the group of that name: undefined = no such group, '' = a foreign one. */
export async function groupOwner(
  cloud: Cloud,
  vpcId: string,
  name: string,
): Promise<string | undefined> {
  const [group] = await describeGroups(cloud, named(vpcId, name))
  return group === undefined ? undefined : (tagValue(group.Tags, stackTagKey) ?? '')
}

/** Creates the group, or finds the one that this stack made before a crash; its id. */
export async function createGroup(cloud: Cloud, vpcId: string, name: string): Promise<string> {
  try {
    const made = await cloud.ec2.send(
      new CreateSecurityGroupCommand(groupInput(cloud, vpcId, name)),
      { abortSignal: cloud.signal },
    )
    return made.GroupId ?? ''
  } catch (error) {
    if (errorName(error) === 'InvalidGroup.Duplicate') {
      const own = await poll(cloud, settlePolls, async () => {
        const [group] = await describeGroups(cloud, named(vpcId, name))
        return group
      })
      if (tagValue(own?.Tags, stackTagKey) === cloud.name.stack) return own?.GroupId ?? ''
    }
    throw translateAwsError(error, 'ec2:CreateSecurityGroup', `create the security group "${name}"`)
  }
}

export function groupInput(cloud: Cloud, VpcId: string, GroupName: string) {
  return {
    GroupName,
    VpcId,
    Description: 'Sallyport relay: public ports',
    TagSpecifications: tagSpecifications(cloud.name, 'security-group'),
  }
}

/** Opens what is missing. "Duplicate" = a run before the crash did; a fresh id may lag. */
export async function openPorts(
  cloud: Cloud,
  groupId: string,
  openings: readonly Opening[],
): Promise<void> {
  for (const opening of openings) {
    const command = new AuthorizeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [toPermission(opening)],
    })
    await whenVisible(cloud, ['InvalidGroup.NotFound'], () =>
      cloud.ec2.send(command, { abortSignal: cloud.signal }),
    ).catch((error: unknown) => {
      if (errorName(error) === 'InvalidPermission.Duplicate') return
      explain('ec2:AuthorizeSecurityGroupIngress', `open ${opening}`)(error)
    })
  }
}

export async function closePorts(
  cloud: Cloud,
  groupId: string,
  openings: readonly Opening[],
): Promise<void> {
  const command = new RevokeSecurityGroupIngressCommand({
    GroupId: groupId,
    IpPermissions: openings.map(toPermission),
  })
  await cloud.ec2.send(command, { abortSignal: cloud.signal }).catch((error: unknown) => {
    if (errorName(error) === 'InvalidPermission.NotFound') return
    explain('ec2:RevokeSecurityGroupIngress', 'close ports that are no longer asked for')(error)
  })
}

/** Deletes it, waiting while the interface of the ended instance still holds it. */
export async function deleteGroup(cloud: Cloud, groupId: string): Promise<void> {
  const doing = `delete the security group ${groupId}`
  let last: unknown
  const done = await poll(cloud, pollsWithin(cloud, groupDeleteWaitSeconds), async () => {
    try {
      await cloud.ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }), {
        abortSignal: cloud.signal,
      })
      return true
    } catch (error) {
      if (isNotFound(error)) return true
      last = error
      const isHeld = ['DependencyViolation', 'InvalidGroup.InUse'].includes(errorName(error))
      return isHeld ? undefined : explain('ec2:DeleteSecurityGroup', doing)(error)
    }
  })
  if (done === undefined) throw translateAwsError(last, 'ec2:DeleteSecurityGroup', doing)
}

function named(vpcId: string, name: string): Filter[] {
  return [
    { Name: 'vpc-id', Values: [vpcId] },
    { Name: 'group-name', Values: [name] },
  ]
}

async function describeGroups(cloud: Cloud, Filters: Filter[]): Promise<SecurityGroup[]> {
  const found: SecurityGroup[] = []
  try {
    const pages = paginateDescribeSecurityGroups({ client: cloud.ec2 }, { Filters })
    for await (const page of pages) found.push(...(page.SecurityGroups ?? []))
  } catch (error) {
    explain('ec2:DescribeSecurityGroups', 'list the security groups')(error)
  }
  return found
}
