// Carries out the steps of planUp, one after the other. Before each mutation the state file says
// what is about to happen, after it what came of it: whatever kills us, the next run knows both.
import { isSallyportError, SallyportError } from '@sallyport/protocol'
import { allocateAddress, associateAddress, observeAddresses, releaseAddress } from './address.ts'
import { errorName } from './aws-error.ts'
import type { Bootstrap } from './bootstrap.ts'
import { poll, pollsWithin, type Cloud } from './cloud.ts'
import {
  awaitRunning,
  consoleTail,
  launchInstance,
  type ObservedInstance,
  observeInstances,
  terminateInstance,
} from './instance.ts'
import { dnsWaitSeconds } from './limits.ts'
import type { Candidate, Placement } from './placement.ts'
import type { Step } from './plan.ts'
import { runSteps } from './run-steps.ts'
import {
  awaitChange,
  changeRecords,
  desiredRecords,
  observeRecords,
  recordChanges,
  refuseForeign,
} from './records.ts'
import type { Reporter } from './reporter.ts'
import { closePorts, createGroup, openPorts } from './security-group.ts'
import type { Settings } from './settings.ts'
import type { Launch, StateFile } from './state-file.ts'
import type { Zone } from './zone.ts'

export interface UpContext {
  readonly cloud: Cloud
  readonly file: StateFile
  readonly settings: Settings
  readonly placement: Placement
  readonly zone: Zone | undefined
  readonly bootstrap: Bootstrap
  readonly report: Reporter
  readonly now: () => Date
  /** The IPv4 addresses of a name; empty when it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>
}

export async function apply(context: UpContext, steps: readonly Step[]): Promise<void> {
  const { report, cloud } = context
  await runSteps(steps, { report, signal: cloud.signal }, (step) => applyStep(context, step))
}

async function applyStep(context: UpContext, step: Step): Promise<void> {
  const { cloud, file, placement } = context
  switch (step.kind) {
    case 'create-group': {
      file.update({ pending: step.kind })
      const groupId = await createGroup(cloud, placement.vpcId, step.name)
      file.update({ pending: undefined, groupId })
      return
    }
    case 'open-ports':
      return openPorts(cloud, await groupId(context), step.openings)
    case 'close-ports':
      return closePorts(cloud, await groupId(context), step.openings)
    case 'allocate-address': {
      file.update({ pending: step.kind })
      const { allocationId, publicAddress } = await allocateAddress(cloud)
      file.update({ pending: undefined, allocationId, elasticAddress: publicAddress })
      return
    }
    case 'launch':
      return launch(context, step.candidates)
    case 'await-running': {
      await awaitRunning(cloud, known(file.state?.instanceId))
      return
    }
    case 'associate-address':
      return associateAddress(cloud, known(file.state?.allocationId), known(file.state?.instanceId))
    case 'claim':
    case 'deliver':
      return handOver(context, step.kind)
    case 'write-records':
      return writeRecords(context, step.name)
    case 'await-name':
      return awaitName(context, step.name)
    case 'terminate':
      return terminateInstance(cloud, step.instanceId)
    case 'release-address': {
      const found = await observeAddresses(cloud)
      const address = found.find((one) => one.allocationId === step.allocationId)
      if (address !== undefined) await releaseAddress(cloud, address)
      return
    }
    case 'delete-records':
    case 'delete-group':
    case 'verify-nothing-left':
      throw new SallyportError('SP_INTERNAL', `${step.kind} is no step of up`)
  }
}

/** A value that an earlier step of the same plan has written. */
function known(value: string | undefined): string {
  if (value === undefined) throw new SallyportError('SP_INTERNAL', 'a step came before its time')
  return value
}

async function groupId(context: UpContext): Promise<string> {
  return known(context.file.state?.groupId)
}

/** Tries the candidates in turn while AWS has no capacity; each try has a ClientToken of its own. */
async function launch(context: UpContext, candidates: readonly Candidate[]): Promise<void> {
  const { cloud, file } = context
  const unanswered = file.state?.pending === 'launch' ? file.state.launch : undefined
  const tries: (() => Launch)[] = candidates.map((one) => () => recordLaunch(context, one))
  // A launch without an answer is repeated as it was: if it happened, this is the same instance.
  if (unanswered !== undefined) tries.unshift(() => unanswered)
  let last: SallyportError | undefined
  for (const next of tries) {
    cloud.signal.throwIfAborted()
    try {
      const instanceId = await launchInstance(cloud, next())
      file.update({ pending: undefined, instanceId })
      return
    } catch (error) {
      if (!isWorthAnotherTry(error)) throw error
      last = error
    }
  }
  throw last ?? new SallyportError('SP_INTERNAL', 'a launch had no candidate')
}

/** A new instance has new keys: what was promised to an old one is worth nothing there. */
function recordLaunch({ file, settings, bootstrap, now }: UpContext, candidate: Candidate): Launch {
  const { stack = '', launches = 0, groupId } = file.state ?? {}
  const claim = bootstrap.createClaim()
  const fresh: Launch = {
    ...candidate,
    groupId: known(groupId),
    clientToken: `${stack}-${launches + 1}`,
    userData: bootstrap.createUserData(settings, claim, now()),
  }
  const gone = { instanceId: undefined, joinString: undefined }
  file.update({ ...gone, pending: 'launch', launch: fresh, launches: launches + 1, claim })
  return fresh
}

function isWorthAnotherTry(error: unknown): error is SallyportError {
  if (!isSallyportError(error)) return false
  return (
    error.code === 'SP_AWS_CAPACITY' || errorName(error.cause) === 'IdempotentInstanceTerminated'
  )
}

/** The instance on record, at the address that it is to have. */
function awaitStanding({ cloud, file }: UpContext): Promise<ObservedInstance> {
  const { instanceId, elasticAddress } = file.state ?? {}
  return awaitRunning(cloud, known(instanceId), elasticAddress)
}

async function handOver(context: UpContext, kind: 'claim' | 'deliver'): Promise<void> {
  const { cloud, file, settings, bootstrap } = context
  const instance = await awaitStanding(context)
  const { id: instanceId } = instance
  const address = known(instance.publicAddress)
  // Authorities certify the address; AWS's name for it they do not.
  const ownName = settings.authority === undefined ? instance.publicName : undefined
  const endpoint = settings.domain?.name ?? ownName ?? address
  const state = file.update({ endpoint, address })
  if (state.claim === undefined) throw new SallyportError('SP_INTERNAL', 'nothing to claim with')
  await bootstrap[kind]({
    settings,
    state,
    claim: state.claim,
    address,
    endpoint,
    signal: cloud.signal,
    save: (change) => file.update(change),
    isRunning: async () => (await observeInstances(cloud)).some((one) => one.id === instanceId),
    consoleTail: () => consoleTail(cloud, instanceId),
  })
  // The launch is over and its user-data holds the claim's secret: neither is needed again.
  const { launch: done } = file.state ?? {}
  if (done !== undefined) file.update({ launch: { ...done, userData: '' } })
}

async function writeRecords(context: UpContext, name: string): Promise<void> {
  const { cloud, file, zone } = context
  const zoneId = known(zone?.id)
  const instance = await awaitStanding(context)
  const observed = await observeRecords(cloud, zoneId, name)
  const { issuer } = context.settings
  refuseForeign(name, observed, issuer !== undefined)
  const addresses = {
    ipv4: known(instance.publicAddress),
    ipv6: instance.ipv6Address,
  }
  const desired = desiredRecords(name, cloud.name.stack, addresses, issuer)
  const changes = recordChanges(observed.ours, desired)
  let changeId = file.state?.records?.changeId
  if (changes.length > 0) {
    file.update({ pending: 'write-records', records: { zoneId, name } })
    changeId = await changeRecords(cloud, zoneId, changes)
    file.update({ pending: undefined, records: { zoneId, name, changeId } })
  }
  if (changeId === undefined) return
  await awaitChange(cloud, changeId)
  file.update({ records: { zoneId, name } })
}

/** DNS kept elsewhere: says what to set, and waits until a look-up gives our address. */
async function awaitName(context: UpContext, name: string): Promise<void> {
  const { cloud, file, report, resolve } = context
  const address = known(file.state?.address)
  report({ event: 'record-to-set', name, address })
  const isThere = await poll(cloud, pollsWithin(cloud, dnsWaitSeconds), async () => {
    return (await resolve(name)).includes(address) ? true : undefined
  })
  if (isThere) return
  throw new SallyportError(
    'SP_DNS_RECORD',
    `${name} does not lead to ${address}; set the record "${name} A ${address}" and run up again (the relay stands and is not made anew)`,
  )
}
