// EC2's changing actions, with the rules that trip provisioners: ClientToken, unique group names,
// DependencyViolation, addresses in use, the user-data limit, tags only in the creating call.
import { isHolding, type Action } from './ec2-looking.ts'
import { group, list, text, texts, type Params } from './query.ts'
import { AwsFault, type World } from './world.ts'

export const changing: Readonly<Record<string, Action>> = {
  CreateSecurityGroup(world, params) {
    const name = required(params, 'GroupName')
    const vpcId = required(params, 'VpcId')
    if (world.groups.some((one) => one.name === name && one.vpcId === vpcId)) {
      throw new AwsFault(
        'InvalidGroup.Duplicate',
        `The security group '${name}' already exists for VPC '${vpcId}'`,
      )
    }
    dryRun(params)
    const made = {
      id: world.id('sg'),
      name,
      vpcId,
      openings: new Set<string>(),
      tags: tagsFor(params, 'security-group'),
      hidden: world.options.lag,
    }
    world.groups.push(made)
    return { groupId: made.id, return: true }
  },

  AuthorizeSecurityGroupIngress(world, params) {
    const found = groupOf(world, params)
    const openings = permissions(params)
    if (openings.some((one) => found.openings.has(one))) {
      throw new AwsFault('InvalidPermission.Duplicate', 'the specified rule already exists')
    }
    for (const one of openings) found.openings.add(one)
    return { return: true }
  },

  RevokeSecurityGroupIngress(world, params) {
    const found = groupOf(world, params)
    const openings = permissions(params)
    if (!openings.every((one) => found.openings.has(one))) {
      throw new AwsFault('InvalidPermission.NotFound', 'the specified rule does not exist')
    }
    for (const one of openings) found.openings.delete(one)
    return { return: true }
  },

  DeleteSecurityGroup(world, params) {
    const found = groupOf(world, params)
    world.tick()
    if (world.instances.some((one) => isHolding(one) && one.groupIds.includes(found.id))) {
      throw new AwsFault('DependencyViolation', `resource ${found.id} has a dependent object`)
    }
    world.groups.splice(world.groups.indexOf(found), 1)
    return { return: true, groupId: found.id }
  },

  AllocateAddress(world, params) {
    dryRun(params)
    const made = {
      id: world.id('eipalloc'),
      publicAddress: world.nextAddress(),
      unshown: 0,
      tags: tagsFor(params, 'elastic-ip'),
      hidden: world.options.lag,
      instanceId: undefined,
      associationId: undefined,
    }
    world.addresses.push(made)
    return { allocationId: made.id, publicIp: made.publicAddress, domain: 'vpc' }
  },

  AssociateAddress(world, params) {
    const address = addressOf(world, params)
    const instance = world.find(
      world.instances,
      text(params, 'InstanceId'),
      'InvalidInstanceID.NotFound',
    )
    if (instance.state !== 'running') {
      throw new AwsFault('IncorrectInstanceState', `The instance ${instance.id} is not running`)
    }
    if (address.instanceId !== undefined && text(params, 'AllowReassociation') !== 'true') {
      throw new AwsFault('Resource.AlreadyAssociated', 'the address is associated already')
    }
    address.instanceId = instance.id
    address.associationId = world.id('eipassoc')
    address.unshown = world.options.lag
    world.onAddress(address)
    return { associationId: address.associationId, return: true }
  },

  DisassociateAddress(world, params) {
    const id = text(params, 'AssociationId')
    const address = world.addresses.find((one) => one.associationId === id)
    if (address === undefined) {
      throw new AwsFault(
        'InvalidAssociationID.NotFound',
        `The association ID '${id ?? ''}' does not exist`,
      )
    }
    address.instanceId = undefined
    address.associationId = undefined
    world.onAddress(address)
    return { return: true }
  },

  ReleaseAddress(world, params) {
    const address = addressOf(world, params)
    if (address.associationId !== undefined) {
      throw new AwsFault('InvalidIPAddress.InUse', `Address ${address.publicAddress} is in use.`)
    }
    world.addresses.splice(world.addresses.indexOf(address), 1)
    return { return: true }
  },

  RunInstances(world, params) {
    const userData = Buffer.from(text(params, 'UserData') ?? '', 'base64')
    if (userData.length > 16_384) {
      throw new AwsFault('InvalidParameterValue', 'User data is limited to 16384 bytes')
    }
    const clientToken = text(params, 'ClientToken') ?? ''
    const request = JSON.stringify(params)
    const earlier = world.instances.find((one) => clientToken && one.clientToken === clientToken)
    if (earlier !== undefined) {
      if (earlier.request !== request) {
        throw new AwsFault(
          'IdempotentParameterMismatch',
          'The client token you have provided is associated with a launch with other parameters',
        )
      }
      if (earlier.state === 'terminated' || earlier.state === 'shutting-down') {
        throw new AwsFault('IdempotentInstanceTerminated', 'The instance has been terminated')
      }
      return { instancesSet: [{ instanceId: earlier.id }] }
    }
    const [network] = list(params, 'NetworkInterface')
    const subnetId = text(network, 'SubnetId')
    const subnet = world.subnets.find((one) => one.id === subnetId)
    if (subnet === undefined) {
      throw new AwsFault(
        'InvalidSubnetID.NotFound',
        `The subnet ID '${subnetId ?? ''}' does not exist`,
      )
    }
    const imageId = required(params, 'ImageId')
    const image = world.images.find((one) => one.id === imageId)
    if (image === undefined) {
      throw new AwsFault('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`)
    }
    const typeName = required(params, 'InstanceType')
    const type = world.types.find((one) => one.name === typeName)
    if (type?.architectures.includes(image.architecture) !== true) {
      throw new AwsFault('InvalidParameterValue', 'the architecture of type and image differ')
    }
    if (!type.zones.includes(subnet.zone)) {
      throw new AwsFault('Unsupported', `${typeName} is not supported in ${subnet.zone}`)
    }
    if (!/^t\d/.test(typeName) && Object.hasOwn(params, 'CreditSpecification')) {
      throw new AwsFault('InvalidParameterCombination', `${typeName} has no CPU credits`)
    }
    const groupIds = texts(network, 'SecurityGroupId')
    for (const id of groupIds) world.find(world.groups, id, 'InvalidGroup.NotFound')
    dryRun(params)
    const made = {
      id: world.id('i'),
      clientToken,
      request,
      imageId,
      type: typeName,
      architecture: image.architecture,
      subnetId: subnet.id,
      vpcId: world.vpcId,
      zone: subnet.zone,
      groupIds,
      userData: userData.toString(),
      launch: params,
      machineAddress: world.nextAddress(),
      ipv6Address: text(network, 'Ipv6AddressCount') === '1' ? '2001:db8::17' : undefined,
      ownAddress: undefined,
      state: 'pending' as const,
      turns: world.options.lag,
      lingering: 0,
      console: '',
      tags: tagsFor(params, 'instance'),
      hidden: world.options.lag,
    }
    world.instances.push(made)
    return { instancesSet: [{ instanceId: made.id, instanceState: { name: 'pending' } }] }
  },

  TerminateInstances(world, params) {
    const ids = texts(params, 'InstanceId')
    for (const id of ids) {
      world.end(world.find(world.instances, id, 'InvalidInstanceID.NotFound'))
    }
    return { instancesSet: ids.map((instanceId) => ({ instanceId })) }
  },
}

function dryRun(params: Params): void {
  if (text(params, 'DryRun') !== 'true') return
  throw new AwsFault('DryRunOperation', 'Request would have succeeded, but DryRun is set.', 412)
}

function required(params: Params, name: string): string {
  const value = text(params, name)
  if (value === undefined) throw new AwsFault('MissingParameter', `${name} is missing`)
  return value
}

function groupOf(world: World, params: Params) {
  return world.find(world.groups, text(params, 'GroupId'), 'InvalidGroup.NotFound')
}

function addressOf(world: World, params: Params) {
  const id = text(params, 'AllocationId')
  return world.find(world.addresses, id, 'InvalidAllocationID.NotFound')
}

function tagsFor(params: Params, type: string): Record<string, string> {
  const found = list(params, 'TagSpecification').find((one) => text(one, 'ResourceType') === type)
  return Object.fromEntries(
    list(found, 'Tag').map((tag) => [text(tag, 'Key') ?? '', text(tag, 'Value') ?? '']),
  )
}

/** Openings as "tcp 443 443 0.0.0.0/0". */
function permissions(params: Params): string[] {
  return list(params, 'IpPermissions').flatMap((one) => {
    const part = ['IpProtocol', 'FromPort', 'ToPort'].map((name) => text(one, name)).join(' ')
    return [
      ...list(one, 'IpRanges').map((range) => `${part} ${text(range, 'CidrIp') ?? ''}`),
      ...list(one, 'Ipv6Ranges').map((range) => `${part} ${text(range, 'CidrIpv6') ?? ''}`),
    ]
  })
}

/** What a launch asked for, for tests that look at its safety. */
export function launchOption(launch: Params, name: string, field: string): string | undefined {
  return text(group(launch, name), field)
}
