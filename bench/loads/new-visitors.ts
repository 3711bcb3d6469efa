// A load: visitors who dial anew, ask once and leave, in bursts of `burst` at once (1 = one by one).
// Prints the time of each from its dial to its answer.
import { startExchange } from './http-exchange.ts'
import { readArguments } from './load-arguments.ts'
import { LoadLog } from './load-result.ts'

const given = readArguments()
const target = { host: given.host, port: given.number('port'), timeoutMs: 10_000 }
const count = given.number('count')
const burst = given.number('burst')

const log = new LoadLog()

async function visit(isCounted: boolean): Promise<void> {
  const start = performance.now()
  const exchange = startExchange(target)
  try {
    await exchange.request()
    if (isCounted) log.add(performance.now() - start)
  } catch (error) {
    log.fail(error)
  }
  exchange.socket.destroy()
}

// This program's own code is cold in its first dials.
for (let index = 0; index < given.number('warmUp'); index += 1) await visit(false)
for (let index = 0; index < count; index += burst) {
  await Promise.all(Array.from({ length: Math.min(burst, count - index) }, () => visit(true)))
}
log.print()
