// What to do: a pure function of what is wanted and what stands. Each step is a value; apply.ts and
// tear-down.ts carry them out, `provisioner plan` prints them. Repeating a plan after any crash leads to the
// same end, because it starts from what stands.
import type { Opening } from './firewall.ts'
import type { Observed } from './observe.ts'
import type { Candidate } from './placement.ts'
import type { State } from './state-file.ts'

export type Step =
  | { readonly kind: 'create-group'; readonly name: string }
  | { readonly kind: 'open-ports'; readonly openings: readonly Opening[] }
  | { readonly kind: 'close-ports'; readonly openings: readonly Opening[] }
  | { readonly kind: 'allocate-address' }
  | { readonly kind: 'launch'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'await-running' }
  | { readonly kind: 'associate-address' }
  | { readonly kind: 'claim' }
  | { readonly kind: 'deliver' }
  | { readonly kind: 'write-records'; readonly name: string }
  | { readonly kind: 'await-name'; readonly name: string }
  | { readonly kind: 'delete-records'; readonly name: string }
  | { readonly kind: 'terminate'; readonly instanceId: string }
  | { readonly kind: 'release-address'; readonly allocationId: string }
  | { readonly kind: 'delete-group'; readonly groupId: string }
  | { readonly kind: 'verify-nothing-left' }

export interface Desired {
  readonly groupName: string
  readonly openings: readonly Opening[]
  readonly candidates: readonly Candidate[]
  readonly wantsElasticIp: boolean
  readonly domain?: { readonly kind: 'route53' | 'elsewhere'; readonly name: string } | undefined
}

export function planUp(desired: Desired, observed: Observed, state: State | undefined): Step[] {
  const [group] = observed.groups
  const standing = keeper(observed, state)
  const open = new Set(group?.openings)
  const wanted = new Set(desired.openings)
  const missing = desired.openings.filter((one) => !open.has(one))
  const surplus = [...open].filter((one) => !wanted.has(one))
  const address = observed.addresses.find((one) => one.allocationId === state?.allocationId)
  const [kept] = address === undefined ? observed.addresses : [address]
  const needsAddress = desired.wantsElasticIp || kept !== undefined
  const hasAddress = kept?.instanceId !== undefined && kept.instanceId === standing?.id
  const isClaimed = standing?.id === state?.instanceId && state?.claim?.committed === true

  const steps: Step[] = []
  // What a crashed run may have made twice goes first.
  for (const one of observed.instances) {
    if (one !== standing) steps.push({ kind: 'terminate', instanceId: one.id })
  }
  for (const one of observed.addresses) {
    if (one !== kept) steps.push({ kind: 'release-address', allocationId: one.allocationId })
  }
  if (group === undefined) steps.push({ kind: 'create-group', name: desired.groupName })
  if (missing.length > 0) steps.push({ kind: 'open-ports', openings: missing })
  if (surplus.length > 0) steps.push({ kind: 'close-ports', openings: surplus })
  if (needsAddress && kept === undefined) steps.push({ kind: 'allocate-address' })
  if (standing === undefined) steps.push({ kind: 'launch', candidates: desired.candidates })
  if (standing?.state !== 'running') steps.push({ kind: 'await-running' })
  if (needsAddress && !hasAddress) steps.push({ kind: 'associate-address' })
  steps.push({ kind: standing !== undefined && isClaimed ? 'deliver' : 'claim' })
  // After the claim: until then nobody knows whose machine the name would lead to.
  if (desired.domain?.kind === 'route53') {
    steps.push({ kind: 'write-records', name: desired.domain.name })
  }
  if (desired.domain?.kind === 'elsewhere') {
    steps.push({ kind: 'await-name', name: desired.domain.name })
  }
  return steps
}

/** The instance to keep: the one on record, else the only one of a run that wrote nothing more. */
function keeper(observed: Observed, state: State | undefined) {
  const known = observed.instances.find((one) => one.id === state?.instanceId)
  return known ?? (state?.launch === undefined ? undefined : observed.instances[0])
}

export function planDown(observed: Observed, recordName: string | undefined): Step[] {
  const steps: Step[] = []
  // First the name, last the address: whoever gets the address next must not get the name.
  if (recordName !== undefined && (observed.records?.ours.length ?? 0) > 0) {
    steps.push({ kind: 'delete-records', name: recordName })
  }
  for (const one of observed.instances) steps.push({ kind: 'terminate', instanceId: one.id })
  for (const one of observed.addresses) {
    steps.push({ kind: 'release-address', allocationId: one.allocationId })
  }
  for (const one of observed.groups) steps.push({ kind: 'delete-group', groupId: one.id })
  steps.push({ kind: 'verify-nothing-left' })
  return steps
}

/** One line for people. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'create-group':
      return `create the security group "${step.name}"`
    case 'open-ports':
      return `open ${step.openings.join(', ')}`
    case 'close-ports':
      return `close ${step.openings.join(', ')}`
    case 'allocate-address':
      return 'allocate an Elastic IP'
    case 'launch': {
      const [best] = step.candidates
      return best === undefined
        ? 'launch an instance'
        : `launch ${best.instanceType} in ${best.zone} (${best.imageId})`
    }
    case 'await-running':
      return 'wait until the instance runs'
    case 'associate-address':
      return 'give the Elastic IP to the instance'
    case 'claim':
      return 'claim the instance and hand the relay over'
    case 'deliver':
      return 'deliver relay, settings and certificates to the standing relay'
    case 'write-records':
      return `point ${step.name} and *.${step.name} at it`
    case 'await-name':
      return `wait until ${step.name} leads to it`
    case 'delete-records':
      return `delete the DNS records of ${step.name}`
    case 'terminate':
      return `end the instance ${step.instanceId}`
    case 'release-address':
      return `release the Elastic IP ${step.allocationId}`
    case 'delete-group':
      return `delete the security group ${step.groupId}`
    case 'verify-nothing-left':
      return 'make sure that nothing of ours is left'
  }
}
