// The stack's DNS records: A and AAAA of the name and of its wildcard, and a TXT that says whose
// they are. Records without our TXT are somebody's and are never overwritten or deleted.
import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  waitUntilResourceRecordSetsChanged,
  type Change,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53'
import { SallyportError } from '@sallyport/protocol'
import { explain } from './aws-error.ts'
import { waiterOptions, type Cloud } from './cloud.ts'
import { dnsWaitSeconds, recordTtlSeconds } from './limits.ts'

export interface ObservedRecords {
  /** The record sets under our TXT, exactly as Route 53 has them: a DELETE must repeat them. */
  readonly ours: readonly ResourceRecordSet[]
  /** "A tunnel.example.com" of each record that stands in the way. */
  readonly foreign: readonly string[]
}

/** Where the name shall lead. */
export interface Addresses {
  readonly ipv4: string
  readonly ipv6?: string | undefined
}

/** What would answer for the name beside or instead of our records. */
const addressTypes = new Set<string | undefined>(['A', 'AAAA', 'CNAME'])

const ownerName = (name: string) => `_sallyport.${name}`
const ownerValue = (stack: string) => `"sallyport:${stack}"`

export async function observeRecords(
  cloud: Cloud,
  zoneId: string,
  name: string,
): Promise<ObservedRecords> {
  const at = (one: string) => recordsAt(cloud, zoneId, one)
  const markers = (await at(ownerName(name))).filter((set) => set.Type === 'TXT')
  const answering = [...(await at(name)), ...(await at(`*.${name}`))].filter((set) =>
    addressTypes.has(set.Type),
  )
  const isOurs = markers.some((set) => hasValue(set, ownerValue(cloud.name.stack)))
  if (isOurs) return { ours: [...answering, ...markers], foreign: [] }
  const foreign = [...answering, ...markers].map((set) => key(set))
  return { ours: [], foreign }
}

/** The record sets of exactly one name, of every type. */
async function recordsAt(
  cloud: Cloud,
  HostedZoneId: string,
  name: string,
): Promise<ResourceRecordSet[]> {
  const { ResourceRecordSets = [] } = await cloud.route53
    .send(new ListResourceRecordSetsCommand({ HostedZoneId, StartRecordName: name, MaxItems: 20 }))
    .catch(explain('route53:ListResourceRecordSets', `look at the records of ${name}`))
  return ResourceRecordSets.filter((set) => plainName(set) === name)
}

/** "A tunnel.example.com". */
function key(set: ResourceRecordSet): string {
  return `${set.Type ?? ''} ${plainName(set)}`
}

/** Route 53 writes a name with its last dot, and `*` as an octal escape. */
function plainName(set: ResourceRecordSet): string {
  return (set.Name ?? '').replace(/\.$/, '').replaceAll('\\052', '*').toLowerCase()
}

function hasValue(set: ResourceRecordSet, value: string): boolean {
  return (set.ResourceRecords ?? []).some((record) => record.Value === value)
}

/** The record sets that a stack wants. Pure. */
export function desiredRecords(
  name: string,
  stack: string,
  addresses: Addresses,
): ResourceRecordSet[] {
  const set = (Name: string, Type: 'A' | 'AAAA' | 'TXT', Value: string): ResourceRecordSet => ({
    Name,
    Type,
    TTL: recordTtlSeconds,
    ResourceRecords: [{ Value }],
  })
  return [
    ...[name, `*.${name}`].flatMap((one) => [
      set(one, 'A', addresses.ipv4),
      ...(addresses.ipv6 === undefined ? [] : [set(one, 'AAAA', addresses.ipv6)]),
    ]),
    set(ownerName(name), 'TXT', ownerValue(stack)),
  ]
}

/** The changes that lead from what stands to what is wanted; none when they are equal. Pure. */
export function recordChanges(
  standing: readonly ResourceRecordSet[],
  desired: readonly ResourceRecordSet[],
): Change[] {
  const content = (set: ResourceRecordSet) =>
    `${key(set)} ${set.TTL ?? ''} ${(set.ResourceRecords ?? []).map((one) => one.Value).join()}`
  const wanted = new Set(desired.map(key))
  const equal = new Set(standing.map(content))
  return [
    ...standing
      .filter((set) => !wanted.has(key(set)))
      .map((set): Change => ({ Action: 'DELETE', ResourceRecordSet: set })),
    ...desired
      .filter((set) => !equal.has(content(set)))
      .map((set): Change => ({ Action: 'UPSERT', ResourceRecordSet: set })),
  ]
}

/** Sends one batch, all or nothing; the id to wait for. */
export async function changeRecords(
  cloud: Cloud,
  zoneId: string,
  changes: readonly Change[],
): Promise<string> {
  const command = new ChangeResourceRecordSetsCommand({
    HostedZoneId: zoneId,
    ChangeBatch: { Comment: `sallyport ${cloud.name.stack}`, Changes: [...changes] },
  })
  const { ChangeInfo } = await cloud.route53
    .send(command, { abortSignal: cloud.signal })
    .catch(explain('route53:ChangeResourceRecordSets', 'change the DNS records'))
  return (ChangeInfo?.Id ?? '').replace('/change/', '')
}

/** Waits until all of Route 53's servers answer with the change (INSYNC). */
export async function awaitChange(cloud: Cloud, changeId: string): Promise<void> {
  await waitUntilResourceRecordSetsChanged(
    { ...waiterOptions(cloud, dnsWaitSeconds), client: cloud.route53 },
    { Id: changeId },
  ).catch(explain('route53:GetChange', 'see the DNS change spread'))
}

/** Throws SP_DNS_RECORD when somebody else's records stand at the name. */
export function refuseForeign(name: string, observed: ObservedRecords): void {
  if (observed.foreign.length === 0) return
  throw new SallyportError(
    'SP_DNS_RECORD',
    `${name} has records that are not ours (${observed.foreign.join(', ')}); set another SUBDOMAIN, or remove them yourself`,
  )
}
