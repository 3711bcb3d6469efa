// EC2 may not know a resource yet that it gave us an id for a moment ago.
import { errorName } from './aws-error.ts'
import { poll, type Cloud } from './cloud.ts'
import { settlePolls } from './limits.ts'

/** Repeats a request while it fails with one of the names; the last failure is thrown as it is. */
export async function whenVisible<Answer>(
  cloud: Pick<Cloud, 'pollSeconds' | 'signal'>,
  names: readonly string[],
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const answer = await poll(cloud, settlePolls, async () => {
    try {
      return { answer: await ask() }
    } catch (error) {
      if (names.includes(errorName(error))) return undefined
      throw error
    }
  })
  return answer === undefined ? ask() : answer.answer
}
