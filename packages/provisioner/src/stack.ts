// The four things that can be done with a stack: plan, up, status, down. No terminal, no process.*:
// cli.ts and tunnel.ts both stand on this.
import { rmSync } from 'node:fs'
import { SallyportError } from '@sallyport/protocol'
import { apply } from './apply.ts'
import { checkRelayAuthority, describeAuthority } from './authority-settings.ts'
import { createClients } from './aws-clients.ts'
import type { Bootstrap } from './bootstrap.ts'
import type { Cloud } from './cloud.ts'
import { describeCost } from './cost.ts'
import type { Environment } from './env-file.ts'
import { openingsFor } from './firewall.ts'
import { joinFileOf } from './join-file.ts'
import { observe, type Observed, type RecordPlace } from './observe.ts'
import { provePermissions } from './permissions.ts'
import { findPlacement, type Placement } from './placement.ts'
import { describeStep, planDown, planUp, type Step } from './plan.ts'
import { observeRecords, refuseForeign } from './records.ts'
import type { Reporter } from './reporter.ts'
import { groupOwner } from './security-group.ts'
import type { Settings } from './settings.ts'
import { findStacks } from './stacks.ts'
import { openState, readState, type State, type StateFile } from './state-file.ts'
import { placeOf } from './tags.ts'
import { tearDown } from './tear-down.ts'
import { findZone, type Zone } from './zone.ts'

export interface StackOptions {
  readonly settings: Settings
  /** For the SDK's endpoints only. */
  readonly env: Environment
  readonly bootstrap: Bootstrap
  readonly report: Reporter
  readonly signal: AbortSignal
  readonly now: () => Date
  /** The IPv4 addresses of a name; empty when it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>
}

/** A stack id for calls that come before there is one. */
const noStack = 'none'

export function createCloud(options: StackOptions, stack: string, region: string): Cloud {
  const { settings, env, signal } = options
  return {
    ...createClients({ region, credentials: settings.credentials, env }),
    name: { stack, place: placeOf(settings.stateFile) },
    region,
    pollSeconds: settings.pollSeconds,
    signal,
  }
}

interface Survey {
  readonly observed: Observed
  readonly placement: Placement
  readonly zone: Zone | undefined
  readonly groupName: string
  readonly steps: readonly Step[]
}

/** Looks at everything that `up` depends on, changes nothing. */
async function survey(options: StackOptions, cloud: Cloud, state?: State): Promise<Survey> {
  const { settings, now } = options
  const placement = await findPlacement(cloud, settings, now())
  const { domain } = settings
  const zone = domain?.kind === 'route53' ? await findZone(cloud, domain.name) : undefined
  const place = zone && domain ? { zoneId: zone.id, name: domain.name } : undefined
  const observed = await observe(cloud, state, place)
  if (domain !== undefined && observed.records !== undefined) {
    refuseForeign(domain.name, observed.records, settings.issuer !== undefined)
  }
  const groupName =
    observed.groups[0]?.name ?? (await freeGroupName(cloud, placement.vpcId, settings))
  const desired = {
    groupName,
    openings: openingsFor(settings),
    candidates: placement.candidates,
    wantsElasticIp: settings.wantsElasticIp,
    domain,
  }
  return { observed, placement, zone, groupName, steps: planUp(desired, observed, state) }
}

/** The name asked for; the default gets the stack's id behind it where another stack has it. */
async function freeGroupName(cloud: Cloud, vpcId: string, settings: Settings): Promise<string> {
  const name = settings.groupName
  const owner = await groupOwner(cloud, vpcId, name)
  if (owner === undefined || owner === cloud.name.stack) return name
  if (!settings.isGroupNameChosen) return `${name} ${cloud.name.stack}`
  throw new SallyportError(
    'SP_AWS_NAME_TAKEN',
    `the security group "${name}" exists and is not this stack's; set SECURITY_GROUP to another name`,
  )
}

/** What `up` would do; the permissions for it are proved. */
export async function plan(options: StackOptions): Promise<readonly Step[]> {
  checkRelayAuthority(options.settings)
  const state = readState(options.settings.stateFile)
  const cloud = createCloud(options, state?.stack ?? noStack, options.settings.region)
  checkRegion(options.settings, state)
  const found = await survey(options, cloud, state)
  await provePermissions(cloud, {
    placement: found.placement,
    groupName: found.groupName,
    groupId: found.observed.groups[0]?.id,
    wantsElasticIp: options.settings.wantsElasticIp && found.observed.addresses.length === 0,
  })
  tell(options, found)
  return found.steps
}

/** Makes the stack stand, from nothing or from wherever a run before ended; its final state. */
export async function up(options: StackOptions): Promise<State> {
  const { settings } = options
  options.bootstrap.check(settings)
  checkRelayAuthority(settings)
  await using file = openState(settings.stateFile)
  checkRegion(settings, file.state)
  if (file.state === undefined) await refuseLostStack(options)
  // On the disk before the first request that makes anything.
  const state = file.state ?? file.begin(settings.region)
  const cloud = createCloud(options, state.stack, settings.region)
  const found = await survey(options, cloud, state).catch((error: unknown) => {
    forgetIfEmpty(file)
    throw error
  })
  tell(options, found)
  adopt(file, found)
  await apply(
    {
      cloud,
      file,
      settings,
      placement: found.placement,
      zone: found.zone,
      bootstrap: options.bootstrap,
      report: options.report,
      now: options.now,
      resolve: options.resolve,
    },
    found.steps,
  )
  return file.update({ pending: undefined })
}

/** A stack of which nothing was ever made leaves no file behind when its first look fails. */
function forgetIfEmpty(file: StateFile): void {
  const { state } = file
  const isEmpty =
    state !== undefined &&
    state.pending === undefined &&
    state.groupId === undefined &&
    state.allocationId === undefined &&
    state.launch === undefined
  if (isEmpty) file.remove()
}

/** Writes the ids of what stands into the file: a crash may have come before it. */
function adopt(file: StateFile, { observed, steps }: Survey): void {
  const ending = new Set(
    steps.flatMap((step) => (step.kind === 'terminate' ? [step.instanceId] : [])),
  )
  const letGo = new Set(
    steps.flatMap((step) => (step.kind === 'release-address' ? [step.allocationId] : [])),
  )
  const instance = observed.instances.find((one) => !ending.has(one.id))
  const address = observed.addresses.find((one) => !letGo.has(one.allocationId))
  file.update({
    groupId: observed.groups[0]?.id,
    instanceId: instance?.id,
    allocationId: address?.allocationId,
    elasticAddress: address?.publicAddress,
    // An unanswered launch that shows no instance is repeated with its own token.
    pending: instance === undefined && file.state?.pending === 'launch' ? 'launch' : undefined,
  })
}

/** A stack of this very place without its file: its keys are lost, so it can only be ended. */
async function refuseLostStack(options: StackOptions): Promise<void> {
  const lost = await findLost(options)
  if (lost === undefined) return
  throw new SallyportError(
    'SP_STATE',
    `a stack made here (${lost}) still stands, but ${options.settings.stateFile} is gone; bring the file back, or run provisioner down, which works from tags alone`,
  )
}

async function findLost(options: StackOptions): Promise<string | undefined> {
  const cloud = createCloud(options, noStack, options.settings.region)
  const stacks = await findStacks(cloud.ec2, cloud.region)
  return stacks.find((one) => one.place === cloud.name.place)?.stack
}

function checkRegion(settings: Settings, state: State | undefined): void {
  if (state === undefined || state.region === settings.region) return
  throw new SallyportError(
    'SP_CONFIG',
    `${settings.stateFile} is of a stack in ${state.region}, not ${settings.region}; run down first, or set SERVER_INFO to another file`,
  )
}

function tell({ settings, report }: StackOptions, found: Survey): void {
  const type = found.observed.instances[0]?.type ?? found.placement.candidates[0]?.instanceType
  report({
    event: 'plan',
    steps: found.steps.map(describeStep),
    cost: describeCost(settings, type ?? settings.instanceType),
    certificates: describeAuthority(settings),
  })
}

export interface DownOptions extends StackOptions {
  /** Another stack than the one of the state file, by the id that `list` shows. */
  readonly stack?: string | undefined
}

/** Ends the stack; throws SP_LEFTOVERS unless nothing of it remains. False: there was none. */
export async function down(options: DownOptions): Promise<boolean> {
  const { settings } = options
  await using file = openState(settings.stateFile)
  const isOwn = options.stack === undefined || options.stack === file.state?.stack
  const state = isOwn ? file.state : undefined
  const stack = options.stack ?? state?.stack ?? (await findLost(options))
  if (stack === undefined) return false
  const cloud = createCloud(options, stack, state?.region ?? settings.region)
  const records = await findRecordPlace(cloud, settings, state)
  const observed = await observe(cloud, state, records)
  const steps = planDown(observed, records?.name)
  await tearDown({ cloud, file, records, report: options.report }, steps)
  if (isOwn) {
    file.remove()
    rmSync(joinFileOf(settings.stateFile), { force: true })
  }
  return true
}

/** Where the stack's records may be: as the file says, else as the settings say. */
async function findRecordPlace(
  cloud: Cloud,
  { domain }: Settings,
  state: State | undefined,
): Promise<RecordPlace | undefined> {
  if (state?.records !== undefined) return state.records
  if (domain?.kind !== 'route53') return undefined
  return { zoneId: (await findZone(cloud, domain.name)).id, name: domain.name }
}

export interface Status {
  readonly state: State | undefined
  readonly observed: Observed | undefined
  readonly areRecordsOurs: boolean | undefined
}

/** What the file says and what stands. */
export async function status(options: StackOptions): Promise<Status> {
  const state = readState(options.settings.stateFile)
  if (state === undefined) return { state, observed: undefined, areRecordsOurs: undefined }
  const cloud = createCloud(options, state.stack, state.region)
  const observed = await observe(cloud, undefined, undefined)
  const { records } = state
  const found =
    records === undefined ? undefined : await observeRecords(cloud, records.zoneId, records.name)
  return { state, observed, areRecordsOurs: found && found.ours.length > 0 }
}
