// The one instance: launched with a ClientToken, so that a repeat after a crash is the same launch.
import {
  GetConsoleOutputCommand,
  paginateDescribeInstances,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
  type _InstanceType,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import { SallyportError } from '@sallyport/protocol'
import { explain, isNotFound } from './aws-error.ts'
import { poll, pollsWithin, waiterOptions, type Cloud } from './cloud.ts'
import { instanceWaitSeconds, settlePolls } from './limits.ts'
import type { Launch } from './state-file.ts'
import { ownedBy, tagSpecifications } from './tags.ts'
import { whenVisible } from './when-visible.ts'

export interface ObservedInstance {
  readonly id: string
  readonly state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated'
  readonly type: string
  readonly imageId: string
  readonly publicAddress?: string | undefined
  readonly publicName?: string | undefined
  readonly ipv6Address?: string | undefined
}

/** Every instance of the stack that is not on its way out. */
export async function observeInstances(cloud: Cloud): Promise<ObservedInstance[]> {
  const found: ObservedInstance[] = []
  try {
    const input = { Filters: ownedBy(cloud.name.stack) }
    for await (const page of paginateDescribeInstances({ client: cloud.ec2 }, input)) {
      for (const reservation of page.Reservations ?? []) {
        found.push(...(reservation.Instances ?? []).map(toObserved))
      }
    }
  } catch (error) {
    explain('ec2:DescribeInstances', 'list the instances')(error)
  }
  return found.filter(isLive)
}

function isLive(instance: ObservedInstance): boolean {
  return instance.state !== 'terminated' && instance.state !== 'shutting-down'
}

function toObserved(instance: Instance): ObservedInstance {
  const some = (text: string | undefined) => (text === '' ? undefined : text)
  return {
    id: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'pending',
    type: instance.InstanceType ?? '',
    imageId: instance.ImageId ?? '',
    publicAddress: some(instance.PublicIpAddress),
    publicName: some(instance.PublicDnsName),
    ipv6Address: some(instance.Ipv6Address),
  }
}

/** The whole launch request; also what `plan` tries with DryRun. */
export function launchInput(cloud: Cloud, launch: Omit<Launch, 'zone'>): RunInstancesCommandInput {
  return {
    ClientToken: launch.clientToken,
    MinCount: 1,
    MaxCount: 1,
    ImageId: launch.imageId,
    InstanceType: instanceTypeOf(launch.instanceType),
    UserData: Buffer.from(launch.userData).toString('base64'),
    // The machine ends itself by powering off, with no permission of its own (no role).
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: {
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'disabled',
    },
    // T3 and T4g would otherwise bill surplus credits; other families refuse the field.
    ...(/^t\d/.test(launch.instanceType)
      ? { CreditSpecification: { CpuCredits: 'standard' } }
      : {}),
    BlockDeviceMappings: [
      {
        DeviceName: launch.rootDevice,
        Ebs: { VolumeType: 'gp3', VolumeSize: 8, Encrypted: true, DeleteOnTermination: true },
      },
    ],
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: launch.subnetId,
        Groups: [launch.groupId],
        AssociatePublicIpAddress: true,
        DeleteOnTermination: true,
        ...(launch.hasIpv6 ? { Ipv6AddressCount: 1 } : {}),
      },
    ],
    TagSpecifications: tagSpecifications(cloud.name, 'instance', 'volume', 'network-interface'),
  }
}

/** The SDK knows the types of its day; a newer one is sent as it was written. */
function instanceTypeOf(name: string): _InstanceType {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a string on the wire
  return name as _InstanceType
}

/** Starts it, or finds the one that the same token started; throws SP_AWS_CAPACITY and others. */
export async function launchInstance(cloud: Cloud, launch: Launch): Promise<string> {
  const command = new RunInstancesCommand(launchInput(cloud, launch))
  const started = await whenVisible(cloud, ['InvalidGroup.NotFound'], () =>
    cloud.ec2.send(command, { abortSignal: cloud.signal }),
  ).catch(explain('ec2:RunInstances', `launch a ${launch.instanceType} in ${launch.zone}`))
  return started.Instances?.[0]?.InstanceId ?? ''
}

/**
 * Waits until it runs and has a public address: the Elastic IP where it was given one, because for a
 * moment AWS still shows the one before, which is somebody else's by then.
 */
export async function awaitRunning(
  cloud: Cloud,
  instanceId: string,
  elasticAddress?: string,
): Promise<ObservedInstance> {
  let unseen = 0
  const running = await poll(cloud, pollsWithin(cloud, instanceWaitSeconds), async () => {
    const instance = (await observeInstances(cloud)).find((one) => one.id === instanceId)
    unseen = instance === undefined ? unseen + 1 : 0
    if (unseen > settlePolls) {
      throw new SallyportError(
        'SP_AWS_FAILED',
        `the instance ${instanceId} ended while it started; see its state reason in the EC2 console, and run up again`,
      )
    }
    const address = instance?.publicAddress
    const hasAddress = address !== undefined && address === (elasticAddress ?? address)
    return instance?.state === 'running' && hasAddress ? instance : undefined
  })
  if (running !== undefined) return running
  const [missing, next] =
    elasticAddress === undefined
      ? [
          'a public address',
          'the subnet needs a route to an internet gateway: set another --subnet',
        ]
      : [`the address ${elasticAddress}`, 'run up again']
  throw new SallyportError(
    'SP_AWS_FAILED',
    `the instance ${instanceId} does not have ${missing} after ${instanceWaitSeconds} s; ${next}`,
  )
}

/** Ends it and waits until it has ended; one that is gone already is fine. */
export async function terminateInstance(cloud: Cloud, instanceId: string): Promise<void> {
  const command = new TerminateInstancesCommand({ InstanceIds: [instanceId] })
  try {
    await cloud.ec2.send(command, { abortSignal: cloud.signal })
  } catch (error) {
    if (isNotFound(error)) return
    explain('ec2:TerminateInstances', `end the instance ${instanceId}`)(error)
  }
  await waitUntilInstanceTerminated(waiterOptions(cloud, instanceWaitSeconds), {
    InstanceIds: [instanceId],
  }).catch((error: unknown) => {
    if (isNotFound(error)) return
    explain('ec2:DescribeInstances', `see the instance ${instanceId} ended`)(error)
  })
}

/** What the machine printed while it started, the end of it; undefined when AWS has nothing yet. */
export async function consoleTail(cloud: Cloud, instanceId: string): Promise<string | undefined> {
  const command = new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true })
  try {
    const { Output } = await cloud.ec2.send(command)
    return Output === undefined ? undefined : Buffer.from(Output, 'base64').toString().slice(-4_000)
  } catch {
    // Only an explanation of another failure: without it that failure is still told.
    return undefined
  }
}
