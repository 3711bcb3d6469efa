// How often this relay has started, on the disk before anything is granted: generations begin with
// it, so that they go on rising over a restart.
import { z } from 'zod'
import type { StateDirectory } from './state-directory.ts'

/** Times 2^32 generations each it stays a safe integer. */
const maxBoots = 2 ** 21 - 1

const schema = z.strictObject({
  v: z.literal(1),
  boots: z
    .int()
    .min(0)
    .max(maxBoots - 1),
})

/**
 * Counts this start. 1 for the first.
 * @throws {SallyportError} SP_STATE when the counter is damaged or cannot be kept.
 */
export async function countBoot(state: StateDirectory): Promise<number> {
  const text = await state.read('boot.json')
  const boots = (text === undefined ? 0 : state.parse('boot.json', text, schema).boots) + 1
  await state.write('boot.json', `${JSON.stringify({ v: 1, boots })}\n`)
  return boots
}
