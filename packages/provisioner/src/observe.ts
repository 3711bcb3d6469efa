// What stands: everything in AWS that carries the stack's tag. The state file is a memory, AWS the
// truth; only where a crash may hide a fresh resource does the memory make us look longer.
import { observeAddresses, type ObservedAddress } from './address.ts'
import { poll, type Cloud } from './cloud.ts'
import { observeInstances, type ObservedInstance } from './instance.ts'
import { settlePolls } from './limits.ts'
import { observeRecords, type ObservedRecords } from './records.ts'
import { observeGroups, type ObservedGroup } from './security-group.ts'
import type { State } from './state-file.ts'

export interface Observed {
  readonly groups: readonly ObservedGroup[]
  readonly instances: readonly ObservedInstance[]
  readonly addresses: readonly ObservedAddress[]
  readonly records?: ObservedRecords | undefined
}

/** Where the stack's records are looked for. */
export interface RecordPlace {
  readonly zoneId: string
  readonly name: string
}

export async function observe(
  cloud: Cloud,
  state: State | undefined,
  records: RecordPlace | undefined,
): Promise<Observed> {
  return {
    groups: await settled(cloud, isExpected(state, 'group'), () => observeGroups(cloud)),
    instances: await settled(cloud, isExpected(state, 'instance'), () => observeInstances(cloud)),
    addresses: await settled(cloud, isExpected(state, 'address'), () => observeAddresses(cloud)),
    records:
      records === undefined ? undefined : await observeRecords(cloud, records.zoneId, records.name),
  }
}

/** True when the file says that there is one, or that one was being made when the run ended. */
function isExpected(state: State | undefined, kind: 'group' | 'instance' | 'address'): boolean {
  if (state === undefined) return false
  switch (kind) {
    case 'group':
      return state.groupId !== undefined || state.pending === 'create-group'
    case 'instance':
      return state.instanceId !== undefined || state.pending === 'launch'
    case 'address':
      return state.allocationId !== undefined || state.pending === 'allocate-address'
  }
}

/** Looks once, or until something shows when something must: views of fresh resources lag. */
async function settled<One>(
  cloud: Cloud,
  isExpected: boolean,
  look: () => Promise<One[]>,
): Promise<One[]> {
  if (!isExpected) return look()
  const found = await poll(cloud, settlePolls, async () => {
    const now = await look()
    return now.length > 0 ? now : undefined
  })
  return found ?? []
}
