// Carries out the steps of planDown and proves the end: nothing that carries the stack's tag remains.
import { SallyportError } from '@sallyport/protocol'
import { observeAddresses, releaseAddress } from './address.ts'
import { poll, pollsWithin, type Cloud } from './cloud.ts'
import { terminateInstance } from './instance.ts'
import { findLeftovers } from './leftovers.ts'
import { groupDeleteWaitSeconds } from './limits.ts'
import type { Step } from './plan.ts'
import { awaitChange, changeRecords, observeRecords } from './records.ts'
import type { Reporter } from './reporter.ts'
import { runSteps } from './run-steps.ts'
import { deleteGroup } from './security-group.ts'
import type { StateFile } from './state-file.ts'
import type { RecordPlace } from './observe.ts'

export interface DownContext {
  readonly cloud: Cloud
  readonly file: StateFile
  readonly records: RecordPlace | undefined
  readonly report: Reporter
}

export async function tearDown(context: DownContext, steps: readonly Step[]): Promise<void> {
  await finishEarlierChange(context)
  const { report, cloud } = context
  await runSteps(steps, { report, signal: cloud.signal }, (step) => tearDownStep(context, step))
}

/** Records that a crashed run deleted may still be served: the address stays ours until they are not. */
async function finishEarlierChange(context: DownContext): Promise<void> {
  const changeId = context.file.state?.records?.changeId
  if (changeId !== undefined) await awaitChange(context.cloud, changeId)
}

async function tearDownStep(context: DownContext, step: Step): Promise<void> {
  const { cloud } = context
  switch (step.kind) {
    case 'delete-records':
      return deleteRecords(context)
    case 'terminate':
      return terminateInstance(cloud, step.instanceId)
    case 'release-address': {
      const found = await observeAddresses(cloud)
      const address = found.find((one) => one.allocationId === step.allocationId)
      if (address !== undefined) await releaseAddress(cloud, address)
      return
    }
    case 'delete-group':
      return deleteGroup(cloud, step.groupId)
    case 'verify-nothing-left':
      return verifyNothingLeft(cloud)
    case 'create-group':
    case 'open-ports':
    case 'close-ports':
    case 'allocate-address':
    case 'launch':
    case 'await-running':
    case 'associate-address':
    case 'claim':
    case 'deliver':
    case 'write-records':
    case 'await-name':
      throw new SallyportError('SP_INTERNAL', `${step.kind} is no step of down`)
  }
}

async function deleteRecords({ cloud, file, records }: DownContext): Promise<void> {
  if (records === undefined) return
  // Read again: a DELETE must repeat what stands, to the letter.
  const { ours } = await observeRecords(cloud, records.zoneId, records.name)
  if (ours.length === 0) return
  const changes = ours.map((set) => ({ Action: 'DELETE' as const, ResourceRecordSet: set }))
  const changeId = await changeRecords(cloud, records.zoneId, changes)
  if (file.state !== undefined) file.update({ records: { ...records, changeId } })
  await awaitChange(cloud, changeId)
  if (file.state !== undefined) file.update({ records: undefined })
}

async function verifyNothingLeft(cloud: Cloud): Promise<void> {
  let left: readonly string[] = []
  // Volumes and interfaces go a moment after their instance.
  await poll(cloud, pollsWithin(cloud, groupDeleteWaitSeconds), async () => {
    left = await findLeftovers(cloud)
    return left.length === 0 ? true : undefined
  })
  if (left.length === 0) return
  throw new SallyportError(
    'SP_LEFTOVERS',
    `still there and tagged as ours: ${left.join(', ')}; run down again, or delete them in the EC2 console`,
  )
}
