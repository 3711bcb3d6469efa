// The stack's DNS records: A and AAAA of the name and of its wildcard, a CAA where it was asked for, and
// a TXT that says whose they are. Records without our TXT are somebody's and are never overwritten or deleted.
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
  /** The same, of a CAA: in the way only of one that is to be written. */
  readonly foreignCaa: readonly string[]
}

/** Which account of which authority alone may have certificates for the name (RFC 8657). */
export interface CertificateIssuer {
  /** What the authority calls itself in CAA records: letsencrypt.org. */
  readonly authority: string
  readonly accountUri: string
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
/** Beside it in the TXT where the CAA is ours too: a person may have had one before. */
const caaMark = '"sallyport:caa"'

export async function observeRecords(
  cloud: Cloud,
  zoneId: string,
  name: string,
): Promise<ObservedRecords> {
  const at = (one: string) => recordsAt(cloud, zoneId, one)
  const markers = (await at(ownerName(name))).filter((set) => set.Type === 'TXT')
  const ofName = await at(name)
  const caa = ofName.filter((set) => set.Type === 'CAA')
  const answering = [...ofName, ...(await at(`*.${name}`))].filter((set) =>
    addressTypes.has(set.Type),
  )
  const isOurs = markers.some((set) => hasValue(set, ownerValue(cloud.name.stack)))
  const isCaaOurs = isOurs && markers.some((set) => hasValue(set, caaMark))
  const foreignCaa = isCaaOurs ? [] : caa.map(key)
  if (isOurs) {
    return { ours: [...answering, ...(isCaaOurs ? caa : []), ...markers], foreign: [], foreignCaa }
  }
  return { ours: [], foreign: [...answering, ...markers].map(key), foreignCaa }
}

/** The record sets of exactly one name, of every type. */
export async function recordsAt(
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
  issuer?: CertificateIssuer,
): ResourceRecordSet[] {
  const set = (
    Name: string,
    Type: 'A' | 'AAAA' | 'CAA' | 'TXT',
    ...values: readonly string[]
  ): ResourceRecordSet => ({
    Name,
    Type,
    TTL: recordTtlSeconds,
    ResourceRecords: values.map((Value) => ({ Value })),
  })
  // Holds for the wildcard and all below as well (RFC 8659 §3).
  const caa = issuer && `0 issue "${issuer.authority}; accounturi=${issuer.accountUri}"`
  return [
    ...[name, `*.${name}`].flatMap((one) => [
      set(one, 'A', addresses.ipv4),
      ...(addresses.ipv6 === undefined ? [] : [set(one, 'AAAA', addresses.ipv6)]),
    ]),
    ...(caa === undefined ? [] : [set(name, 'CAA', caa)]),
    set(ownerName(name), 'TXT', ownerValue(stack), ...(caa === undefined ? [] : [caaMark])),
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
export function refuseForeign(name: string, observed: ObservedRecords, wantsCaa: boolean): void {
  const foreign = [...observed.foreign, ...(wantsCaa ? observed.foreignCaa : [])]
  if (foreign.length === 0) return
  throw new SallyportError(
    'SP_DNS_RECORD',
    `${name} has records that are not ours (${foreign.join(', ')}); set another SUBDOMAIN, or remove them yourself`,
  )
}
