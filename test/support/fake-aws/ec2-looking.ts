// EC2's Describe* actions. Wire names: botocore's service model of EC2 2016-11-15.
import { canonical, type Tagged, AwsFault, type World } from './world.ts'
import { list, text, texts, type Params } from './query.ts'
import type { XmlObject } from './xml.ts'

export type Action = (world: World, params: Params) => XmlObject

/** How many members a page has: small, so that whoever forgets to turn pages is caught. */
const pageSize = 2

function paged(params: Params, name: string, members: readonly XmlObject[]): XmlObject {
  const from = Number(text(params, 'NextToken') ?? 0)
  const to = from + pageSize
  return {
    [name]: members.slice(from, to),
    ...(to < members.length ? { nextToken: String(to) } : {}),
  }
}

function tagSet(one: Tagged) {
  return Object.entries(one.tags).map(([key, value]) => ({ key, value }))
}

/** True when a thing passes every filter; `fields` are the names it can be asked by. */
function passes(params: Params, fields: Readonly<Record<string, string>>, tags = {}): boolean {
  const known: Readonly<Record<string, string>> = { ...fields }
  return list(params, 'Filter').every((filter) => {
    const name = text(filter, 'Name') ?? ''
    const values = texts(filter, 'Value')
    const tagName = name.startsWith('tag:') ? name.slice(4) : undefined
    const value =
      tagName === undefined ? known[name] : (tags as Record<string, string | undefined>)[tagName]
    if (tagName === undefined && !Object.hasOwn(known, name)) {
      throw new AwsFault('InvalidParameterValue', `The filter '${name}' is invalid`)
    }
    return value !== undefined && values.some((one) => glob(one).test(value))
  })
}

function glob(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`)
}

export const looking: Readonly<Record<string, Action>> = {
  DescribeVpcs(world, params) {
    const vpcs = world.options.hasDefaultVpc ? [world.vpcId] : []
    const seen = vpcs.filter((vpcId) => passes(params, { 'is-default': 'true', 'vpc-id': vpcId }))
    return paged(
      params,
      'vpcSet',
      seen.map((vpcId) => ({ vpcId, isDefault: true })),
    )
  },

  DescribeSubnets(world, params) {
    const asked = texts(params, 'SubnetId')
    const known = asked.map((id) => world.subnets.find((one) => one.id === id))
    if (known.includes(undefined)) {
      throw new AwsFault(
        'InvalidSubnetID.NotFound',
        `The subnet ID '${asked[0] ?? ''}' does not exist`,
      )
    }
    const seen = world.subnets.filter(
      (one) =>
        (asked.length === 0 || asked.includes(one.id)) &&
        passes(params, { 'vpc-id': world.vpcId, 'default-for-az': 'true' }),
    )
    const members = seen.map((one) => ({
      subnetId: one.id,
      vpcId: world.vpcId,
      availabilityZone: one.zone,
      ipv6CidrBlockAssociationSet: one.hasIpv6
        ? [{ ipv6CidrBlock: '2001:db8::/64', ipv6CidrBlockState: { state: 'associated' } }]
        : [],
    }))
    return paged(params, 'subnetSet', members)
  },

  DescribeImages(world, params) {
    const ids = texts(params, 'ImageId')
    const owners = texts(params, 'Owner')
    const unknown = ids.find((id) => !world.images.some((one) => one.id === id))
    if (unknown !== undefined) {
      throw new AwsFault('InvalidAMIID.NotFound', `The image id '[${unknown}]' does not exist`)
    }
    const seen = world.images.filter(
      (one) =>
        (ids.length === 0 || ids.includes(one.id)) &&
        (owners.length === 0 || owners.includes(one.owner)) &&
        passes(params, { name: one.name, architecture: one.architecture, state: 'available' }),
    )
    return {
      imagesSet: seen.map((one) => ({
        imageId: one.id,
        name: one.name,
        imageOwnerId: one.owner,
        imageState: 'available',
        architecture: one.architecture,
        creationDate: one.created,
        deprecationTime: one.deprecated,
        rootDeviceName: one.owner === canonical ? '/dev/sda1' : '/dev/xvda',
      })),
    }
  },

  DescribeInstanceTypes(world, params) {
    const seen = world.types.filter((one) => passes(params, { 'instance-type': one.name }))
    const members = seen.map((one) => ({
      instanceType: one.name,
      processorInfo: { supportedArchitectures: [...one.architectures] },
    }))
    return paged(params, 'instanceTypeSet', members)
  },

  DescribeInstanceTypeOfferings(world, params) {
    const seen = world.types
      .filter((one) => passes(params, { 'instance-type': one.name }))
      .flatMap((one) => one.zones.map((location) => ({ instanceType: one.name, location })))
    return paged(
      params,
      'instanceTypeOfferingSet',
      seen.map((one) => ({ ...one, locationType: 'availability-zone' })),
    )
  },

  DescribeRegions(world) {
    return { regionInfo: world.options.regions.map((regionName) => ({ regionName })) }
  },

  DescribeSecurityGroups(world, params) {
    const seen = world
      .look(world.groups)
      .filter((one) => passes(params, { 'group-name': one.name, 'vpc-id': one.vpcId }, one.tags))
    const members = seen.map((one) => ({
      groupId: one.id,
      groupName: one.name,
      vpcId: one.vpcId,
      tagSet: tagSet(one),
      ipPermissions: [...one.openings].map((opening) => {
        const [ipProtocol, fromPort, toPort, cidr = ''] = opening.split(' ')
        const isIpv6 = cidr.includes(':')
        return {
          ipProtocol,
          fromPort,
          toPort,
          ipRanges: isIpv6 ? [] : [{ cidrIp: cidr }],
          ipv6Ranges: isIpv6 ? [{ cidrIpv6: cidr }] : [],
        }
      }),
    }))
    return paged(params, 'securityGroupInfo', members)
  },

  DescribeInstances(world, params) {
    world.tick()
    const asked = texts(params, 'InstanceId')
    const visible = world.look(world.instances)
    const unknown = asked.find((id) => !visible.some((one) => one.id === id))
    if (unknown !== undefined) {
      throw new AwsFault(
        'InvalidInstanceID.NotFound',
        `The instance ID '${unknown}' does not exist`,
      )
    }
    const seen = visible.filter(
      (one) =>
        (asked.length === 0 || asked.includes(one.id)) &&
        passes(params, { 'instance-state-name': one.state }, one.tags),
    )
    const members = seen.map((one) => {
      const address = world.addresses.find((some) => some.instanceId === one.id)
      const isShown = address !== undefined && --address.unshown < 0
      const publicAddress = isShown ? address.publicAddress : one.ownAddress
      return {
        reservationId: `r-${one.id.slice(2)}`,
        instancesSet: [
          {
            instanceId: one.id,
            imageId: one.imageId,
            instanceType: one.type,
            architecture: one.architecture,
            clientToken: one.clientToken,
            instanceState: { code: one.state === 'running' ? 16 : 0, name: one.state },
            subnetId: one.subnetId,
            vpcId: one.vpcId,
            placement: { availabilityZone: one.zone },
            privateIpAddress: one.machineAddress,
            ipAddress: one.state === 'running' ? publicAddress : undefined,
            dnsName:
              one.state === 'running' && world.options.hasPublicNames
                ? publicName(publicAddress)
                : '',
            ipv6Address: one.state === 'running' ? one.ipv6Address : undefined,
            groupSet: one.groupIds.map((groupId) => ({ groupId })),
            tagSet: tagSet(one),
          },
        ],
      }
    })
    return paged(params, 'reservationSet', members)
  },

  DescribeAddresses(world, params) {
    const seen = world.look(world.addresses).filter((one) => passes(params, {}, one.tags))
    return {
      addressesSet: seen.map((one) => ({
        allocationId: one.id,
        publicIp: one.publicAddress,
        domain: 'vpc',
        instanceId: one.instanceId,
        associationId: one.associationId,
        tagSet: tagSet(one),
      })),
    }
  },

  DescribeVolumes(world, params) {
    const seen = world.instances.filter((one) => isHolding(one) && passes(params, {}, one.tags))
    return paged(
      params,
      'volumeSet',
      seen.map((one) => ({ volumeId: `vol-${one.id.slice(2)}` })),
    )
  },

  DescribeNetworkInterfaces(world, params) {
    world.tick()
    const seen = world.instances.filter((one) => isHolding(one) && passes(params, {}, one.tags))
    const members = seen.map((one) => ({ networkInterfaceId: `eni-${one.id.slice(2)}` }))
    return paged(params, 'networkInterfaceSet', members)
  },

  GetConsoleOutput(world, params) {
    const instance = world.find(
      world.instances,
      text(params, 'InstanceId'),
      'InvalidInstanceID.NotFound',
    )
    return {
      instanceId: instance.id,
      timestamp: new Date().toISOString(),
      output: Buffer.from(instance.console).toString('base64'),
    }
  },
}

/** An interface outlives its instance by a moment: what makes DeleteSecurityGroup fail. */
export function isHolding(instance: { readonly state: string; readonly lingering: number }) {
  return instance.state !== 'terminated' || instance.lingering > 0
}

function publicName(address: string | undefined): string {
  return address === undefined
    ? ''
    : `ec2-${address.replaceAll('.', '-')}.us-west-2.compute.amazonaws.com`
}
