// What this process really holds: heap and buffers after a full collection.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const MiB = 1024 * 1024

/** Heap and buffers in use, in MiB, garbage apart. */
export function usedMiB(): number {
  // Twice: what a finalizer lets go is free only in the next round.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MiB
}
