// What every step needs at hand: the clients, the stack's name, how fast to look, how to be stopped.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AwsClients } from './aws-clients.ts'
import type { StackName } from './tags.ts'

export interface Cloud extends AwsClients {
  readonly name: StackName
  readonly region: string
  readonly pollSeconds: number
  /** Ctrl-C: no further request is begun after it. */
  readonly signal: AbortSignal
}

/** The options of the SDK's waiters (`maxWaitTime` and delays in seconds). */
export function waiterOptions(cloud: Cloud, maxWaitSeconds: number) {
  return {
    client: cloud.ec2,
    maxWaitTime: maxWaitSeconds,
    minDelay: cloud.pollSeconds,
    maxDelay: cloud.pollSeconds * 2,
    abortSignal: cloud.signal,
  }
}

/**
 * Asks again until the answer is not undefined, at most `polls` times; undefined if it never came.
 * For views that lag behind, and states that AWS has no waiter for.
 */
export async function poll<Answer>(
  cloud: Pick<Cloud, 'pollSeconds' | 'signal'>,
  polls: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  for (let turn = 1; ; turn++) {
    cloud.signal.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined || turn >= polls) return answer
    await sleep(cloud.pollSeconds * 1_000, undefined, { signal: cloud.signal })
  }
}

/** How many polls fill a time. */
export function pollsWithin(cloud: Pick<Cloud, 'pollSeconds'>, seconds: number): number {
  return Math.ceil(seconds / cloud.pollSeconds)
}
