// The Elastic IP. AllocateAddress has no ClientToken, so a repeat after a crash first waits until
// what the crashed run may have allocated would be visible (observe.ts).
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DisassociateAddressCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2'
import { errorName, explain, isNotFound } from './aws-error.ts'
import { poll, type Cloud } from './cloud.ts'
import { settlePolls } from './limits.ts'
import { ownedBy, tagSpecifications } from './tags.ts'
import { whenVisible } from './when-visible.ts'

export interface ObservedAddress {
  readonly allocationId: string
  readonly publicAddress: string
  readonly instanceId?: string | undefined
  readonly associationId?: string | undefined
}

export async function observeAddresses(cloud: Cloud): Promise<ObservedAddress[]> {
  const { Addresses = [] } = await cloud.ec2
    .send(new DescribeAddressesCommand({ Filters: ownedBy(cloud.name.stack) }))
    .catch(explain('ec2:DescribeAddresses', 'list the Elastic IPs'))
  return Addresses.map((address) => ({
    allocationId: address.AllocationId ?? '',
    publicAddress: address.PublicIp ?? '',
    instanceId: address.InstanceId === '' ? undefined : address.InstanceId,
    associationId: address.AssociationId,
  }))
}

export async function allocateAddress(cloud: Cloud): Promise<ObservedAddress> {
  const made = await cloud.ec2
    .send(new AllocateAddressCommand(addressInput(cloud)), { abortSignal: cloud.signal })
    .catch(explain('ec2:AllocateAddress', 'allocate an Elastic IP'))
  return { allocationId: made.AllocationId ?? '', publicAddress: made.PublicIp ?? '' }
}

export function addressInput(cloud: Cloud) {
  return {
    Domain: 'vpc' as const,
    TagSpecifications: tagSpecifications(cloud.name, 'elastic-ip'),
  }
}

export async function associateAddress(
  cloud: Cloud,
  allocationId: string,
  instanceId: string,
): Promise<void> {
  const command = new AssociateAddressCommand({
    AllocationId: allocationId,
    InstanceId: instanceId,
    // Ours from before; without it a repeat after a crash would be refused.
    AllowReassociation: true,
  })
  await whenVisible(cloud, ['InvalidInstanceID.NotFound', 'InvalidAllocationID.NotFound'], () =>
    cloud.ec2.send(command, { abortSignal: cloud.signal }),
  ).catch(explain('ec2:AssociateAddress', 'give the Elastic IP to the instance'))
}

/** Takes the address off the instance and gives it back to AWS. */
export async function releaseAddress(cloud: Cloud, address: ObservedAddress): Promise<void> {
  if (address.associationId !== undefined) {
    const command = new DisassociateAddressCommand({ AssociationId: address.associationId })
    await cloud.ec2.send(command, { abortSignal: cloud.signal }).catch((error: unknown) => {
      if (isNotFound(error)) return
      explain('ec2:DisassociateAddress', 'take the Elastic IP off the instance')(error)
    })
  }
  await poll(cloud, settlePolls, async () => {
    const command = new ReleaseAddressCommand({ AllocationId: address.allocationId })
    try {
      await cloud.ec2.send(command, { abortSignal: cloud.signal })
      return true
    } catch (error) {
      if (isNotFound(error)) return true
      // Taken off a moment ago, and not everywhere known yet.
      if (errorName(error) === 'InvalidIPAddress.InUse') return undefined
      return explain('ec2:ReleaseAddress', 'release the Elastic IP')(error)
    }
  })
}
