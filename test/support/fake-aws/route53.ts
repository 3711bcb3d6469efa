// The fake's Route 53: REST with XML. Paths and elements: botocore's model of Route 53 2013-04-01.
import { AwsFault, type HostedZone, type RecordSet, type World } from './world.ts'
import { child, children, childText, parseXml, writeXml, type Element } from './xml.ts'

const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/'
/** Zones on one page: small, so that whoever forgets to turn pages is caught. */
const pageSize = 1

export interface Route53Call {
  readonly action: string
  readonly answer: () => string
}

/** Finds the action of a request; the answer is worked out when it is asked for. */
export function route53Call(
  world: World,
  method: string,
  url: URL,
  body: string,
): Route53Call | undefined {
  const [, version, kind, id, part] = url.pathname.split('/')
  if (version !== '2013-04-01') return undefined
  if (method === 'GET' && kind === 'hostedzone' && id === undefined) {
    return { action: 'ListHostedZones', answer: () => listZones(world, url) }
  }
  if (method === 'GET' && kind === 'hostedzone' && part === 'rrset') {
    const answer = () => listRecords(zoneOf(world, id), url)
    return { action: 'ListResourceRecordSets', answer }
  }
  if (method === 'POST' && kind === 'hostedzone' && part === 'rrset') {
    const answer = () => changeRecords(world, zoneOf(world, id), parseXml(body))
    return { action: 'ChangeResourceRecordSets', answer }
  }
  if (method === 'GET' && kind === 'change' && id !== undefined) {
    return { action: 'GetChange', answer: () => getChange(world, id) }
  }
  return undefined
}

/** One form for every error, since 2024 for InvalidChangeBatch too (aws-sdk-kotlin#1433). */
export function route53Error(fault: AwsFault): string {
  const error = writeXml({ Type: 'Sender', Code: fault.code, Message: fault.message })
  return `<ErrorResponse xmlns="${namespace}"><Error>${error}</Error><RequestId>fake</RequestId></ErrorResponse>`
}

function reply(name: string, inner: string): string {
  return `<?xml version="1.0"?><${name} xmlns="${namespace}">${inner}</${name}>`
}

function zoneOf(world: World, id: string | undefined): HostedZone {
  const zone = world.zones.find((one) => one.id === id)
  if (zone !== undefined) return zone
  throw new AwsFault('NoSuchHostedZone', `No hosted zone found with ID: ${id ?? ''}`, 404)
}

function listZones(world: World, url: URL): string {
  const from = Number(url.searchParams.get('marker') ?? 0)
  const to = from + pageSize
  const zones = world.zones.slice(from, to).map((one) => ({
    Id: `/hostedzone/${one.id}`,
    Name: `${one.name}.`,
    CallerReference: one.id,
    Config: { PrivateZone: one.isPrivate },
  }))
  const more = to < world.zones.length
  const inner = `<HostedZones>${writeXml(zones, 'HostedZone')}</HostedZones>${writeXml({
    IsTruncated: more,
    ...(more ? { NextMarker: String(to) } : {}),
    MaxItems: pageSize,
  })}`
  return reply('ListHostedZonesResponse', inner)
}

/** Route 53 sorts by the labels from the right and lists from a name on. */
function sortKey(name: string): string {
  return name.replace(/\.$/, '').split('.').toReversed().join('.')
}

function listRecords(zone: HostedZone, url: URL): string {
  const from = sortKey(normalise(url.searchParams.get('name') ?? ''))
  const sets = zone.records
    .filter((one) => sortKey(one.name) >= from)
    .toSorted((one, other) => sortKey(one.name).localeCompare(sortKey(other.name)))
    .slice(0, Number(url.searchParams.get('maxitems') ?? 100))
  const inner = sets.map((one) => {
    const values = writeXml(
      one.values.map((Value) => ({ Value })),
      'ResourceRecord',
    )
    const head = writeXml({ Name: one.name, Type: one.type, TTL: one.ttl })
    return `<ResourceRecordSet>${head}<ResourceRecords>${values}</ResourceRecords></ResourceRecordSet>`
  })
  return reply(
    'ListResourceRecordSetsResponse',
    `<ResourceRecordSets>${inner.join('')}</ResourceRecordSets>${writeXml({ IsTruncated: false, MaxItems: 100 })}`,
  )
}

/** As Route 53 keeps a name: lower case, last dot, `*` in octal. */
function normalise(name: string): string {
  return `${name.toLowerCase().replace(/\.$/, '')}.`.replaceAll('*', '\\052')
}

function toRecordSet(element: Element | undefined): RecordSet {
  const values = children(child(element, 'ResourceRecords'), 'ResourceRecord')
  return {
    name: normalise(childText(element, 'Name')),
    type: childText(element, 'Type'),
    ttl: childText(element, 'TTL'),
    values: values.map((one) => childText(one, 'Value')),
  }
}

/** All of a batch or none of it. */
function changeRecords(world: World, zone: HostedZone, document: Element): string {
  let records = [...zone.records]
  for (const change of children(child(child(document, 'ChangeBatch'), 'Changes'), 'Change')) {
    const action = childText(change, 'Action')
    const wanted = toRecordSet(child(change, 'ResourceRecordSet'))
    if (!wanted.name.endsWith(`.${zone.name}.`) && wanted.name !== `${zone.name}.`) {
      throw new AwsFault('InvalidChangeBatch', `RRSet with name ${wanted.name} is not in zone`)
    }
    const same = records.find((one) => one.name === wanted.name && one.type === wanted.type)
    if (action === 'DELETE') {
      if (JSON.stringify(same) !== JSON.stringify(wanted)) {
        throw new AwsFault(
          'InvalidChangeBatch',
          `Tried to delete resource record set [name='${wanted.name}', type='${wanted.type}'] but the values provided do not match the current values`,
        )
      }
      records = records.filter((one) => one !== same)
      continue
    }
    if (records.some((one) => one.name === wanted.name && isCnameClash(one.type, wanted.type))) {
      throw new AwsFault('InvalidChangeBatch', `RRSet of type CNAME stands at ${wanted.name}`)
    }
    records = [...records.filter((one) => one !== same), wanted]
  }
  zone.records = records
  const id = `C${world.id('').slice(2).toUpperCase()}`
  world.changes.set(id, world.options.lag)
  return reply('ChangeResourceRecordSetsResponse', changeInfo(id, 'PENDING'))
}

function isCnameClash(one: string, other: string): boolean {
  return one !== other && (one === 'CNAME' || other === 'CNAME')
}

function getChange(world: World, id: string): string {
  const left = world.changes.get(id)
  if (left === undefined) throw new AwsFault('NoSuchChange', `no change ${id}`, 404)
  world.changes.set(id, Math.max(0, left - 1))
  return reply('GetChangeResponse', changeInfo(id, left === 0 ? 'INSYNC' : 'PENDING'))
}

function changeInfo(id: string, status: string): string {
  return `<ChangeInfo>${writeXml({ Id: `/change/${id}`, Status: status, SubmittedAt: '2026-11-20T00:00:00Z' })}</ChangeInfo>`
}
