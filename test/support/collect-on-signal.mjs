// Loaded into a program with --expose-gc --import: at SIGUSR2 it collects its garbage and says what heap and
// what resident memory it then has, as an event of its own.
import { setTimeout } from 'node:timers/promises'

/** Finalizers run between two collections, and what they let go falls to the next. */
const rounds = 5

let count = 0
process.on('SIGUSR2', async () => {
  for (let round = 0; round < rounds; round++) {
    globalThis.gc()
    await setTimeout(50)
  }
  const { heapUsed, rss } = process.memoryUsage()
  count += 1
  console.log(JSON.stringify({ event: `collected-${count}`, heapUsed, rss }))
})
