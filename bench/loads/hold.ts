// Opens visitors, prints one result when all are open, and then keeps them until it is killed; each
// line on stdin prints the result again, in which those that were closed meanwhile have failed.
import { createInterface } from 'node:readline'
import type { Socket } from 'node:net'
import { LoadLog } from './load-result.ts'

/** Dials at once: fewer than any listen queue here, enough to be quick. */
const parallel = 32

/** `open` resolves with the visitor's socket once it stands; each one's time to there is its sample. */
export async function hold(count: number, open: (index: number) => Promise<Socket>): Promise<void> {
  const log = new LoadLog()
  let next = 0
  const openSome = async () => {
    while (next < count) {
      const index = next
      next += 1
      const start = performance.now()
      try {
        const socket = await open(index)
        socket.once('close', () => log.fail('closed while it was held'))
        log.add(performance.now() - start)
      } catch (error) {
        log.fail(error)
      }
    }
  }
  await Promise.all(Array.from({ length: parallel }, openSome))
  log.print()
  for await (const _ of createInterface({ input: process.stdin })) log.print()
}
