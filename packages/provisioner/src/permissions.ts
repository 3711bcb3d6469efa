// Which creating calls the credentials allow, asked with DryRun: EC2 checks, and makes nothing.
import {
  AllocateAddressCommand,
  CreateSecurityGroupCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { addressInput } from './address.ts'
import { errorName, translateAwsError } from './aws-error.ts'
import type { Cloud } from './cloud.ts'
import { launchInput } from './instance.ts'
import type { Placement } from './placement.ts'
import { groupInput } from './security-group.ts'

export interface PermissionOptions {
  readonly placement: Placement
  readonly groupName: string
  /** Absent where none stands yet: the launch is then tried with the subnet's default group. */
  readonly groupId: string | undefined
  readonly wantsElasticIp: boolean
}

/** Throws the first refusal (SP_AWS_DENIED and whatever else AWS would say). */
export async function provePermissions(cloud: Cloud, options: PermissionOptions): Promise<void> {
  const { placement, groupName, groupId } = options
  const [candidate] = placement.candidates
  if (groupId === undefined) {
    const input = { ...groupInput(cloud, placement.vpcId, groupName), DryRun: true }
    await prove('ec2:CreateSecurityGroup', cloud.ec2.send(new CreateSecurityGroupCommand(input)))
  }
  if (candidate !== undefined) {
    const launch = { ...candidate, clientToken: '', userData: '', groupId: groupId ?? '' }
    const { ClientToken: _, NetworkInterfaces = [], ...input } = launchInput(cloud, launch)
    const interfaces = NetworkInterfaces.map(({ Groups, ...one }) =>
      groupId === undefined ? one : { ...one, Groups: Groups ?? [] },
    )
    const command = new RunInstancesCommand({
      ...input,
      NetworkInterfaces: interfaces,
      DryRun: true,
    })
    await prove('ec2:RunInstances', cloud.ec2.send(command))
  }
  if (options.wantsElasticIp) {
    const input = { ...addressInput(cloud), DryRun: true }
    await prove('ec2:AllocateAddress', cloud.ec2.send(new AllocateAddressCommand(input)))
  }
}

/** A DryRun never succeeds: "DryRunOperation" is its yes. */
async function prove(action: string, attempt: Promise<unknown>): Promise<void> {
  try {
    await attempt
  } catch (error) {
    if (errorName(error) === 'DryRunOperation') return
    throw translateAwsError(error, action, `be sure of ${action}`)
  }
}
