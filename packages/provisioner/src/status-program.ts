// `provisioner status`: what the state file, AWS and the relay say.
import { isSallyportError } from '@sallyport/protocol'
import { emit, type Output } from './output.ts'
import { findClaimed, readRelayStatus, type RelayStatus } from './relay-commands.ts'
import { status, type StackOptions } from './stack.ts'
import type { State } from './state-file.ts'

export async function runStatus(output: Output, stack: StackOptions): Promise<number> {
  const { state, observed, areRecordsOurs } = await status(stack)
  const [instance] = observed?.instances ?? []
  const facts = {
    stack: state?.stack,
    region: state?.region,
    instance: instance === undefined ? undefined : `${instance.id} ${instance.state}`,
    type: instance?.type,
    address: instance?.publicAddress,
    endpoint: state?.endpoint,
    claimed: state?.claim?.committed ?? false,
    elastic_ip: observed?.addresses[0]?.publicAddress,
    security_group: observed?.groups[0]?.id,
    records: areRecordsOurs,
    pending: state?.pending,
  }
  const relay = await askRelay(stack, state)
  if (output.json) emit(output, 'status', { ...facts, relay: relay?.facts })
  else if (state === undefined) output.out('nothing stands that this state file knows of')
  else {
    for (const [name, value] of Object.entries(facts)) {
      if (value !== undefined) output.out(`${name.replaceAll('_', ' ').padEnd(16)}${value}`)
    }
    for (const one of relay?.lines ?? []) output.out(`${'relay'.padEnd(16)}${one}`)
  }
  return 0
}

/** A relay that does not answer is a fact like the others; undefined where none was claimed. */
async function askRelay(
  stack: StackOptions,
  state: State | undefined,
): Promise<RelayStatus | undefined> {
  const claimed = findClaimed(state)
  if (claimed === undefined) return undefined
  try {
    return await readRelayStatus(stack, claimed)
  } catch (error) {
    if (!isSallyportError(error)) throw error
    return { facts: { error: error.code }, lines: [`${error.message} [${error.code}]`] }
  }
}
