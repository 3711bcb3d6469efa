// Hands out ports below the kernel's ephemeral range (32768 up), where no outgoing connection of a
// load can sit on them, and never the same one twice in a run.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const firstPort = 20_000
const lastPort = 32_000

export type TakePorts = (count: number) => Promise<number[]>

/** Each call gives `count` ports in a row that nobody on this machine listens on. */
export function createPorts(): TakePorts {
  // A random start, so that a second run does not meet what a first one left in TIME_WAIT.
  let next = randomInt(firstPort, lastPort)
  return async (count) => {
    for (let tried = 0; tried < lastPort - firstPort; tried += count) {
      if (next + count > lastPort) next = firstPort
      const block = Array.from({ length: count }, (_, index) => next + index)
      next += count
      const free = await Promise.all(block.map(isFree))
      if (free.every(Boolean)) return block
    }
    throw new Error(`no ${count} free ports in a row between ${firstPort} and ${lastPort}`)
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  return promise
}
