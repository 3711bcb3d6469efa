// A load: small requests one at a time over one connection that stays, each as soon as the one before
// is answered or one every `intervalMs`. Prints the time of each, the first `warmUp` left out.
import { setTimeout as sleep } from 'node:timers/promises'
import { startExchange, type Exchange } from './http-exchange.ts'
import { readArguments } from './load-arguments.ts'
import { LoadLog } from './load-result.ts'

const given = readArguments()
const target = { host: given.host, port: given.number('port'), timeoutMs: 5_000 }
const warmUp = given.number('warmUp')
const total = warmUp + given.number('count')
const intervalMs = given.number('intervalMs')

const log = new LoadLog()
let exchange: Exchange | undefined
for (let index = 0; index < total; index += 1) {
  exchange ??= startExchange(target)
  const start = performance.now()
  try {
    await exchange.request()
    if (index >= warmUp) log.add(performance.now() - start)
  } catch (error) {
    log.fail(error)
    exchange = undefined
  }
  const rest = intervalMs - (performance.now() - start)
  if (rest > 0) await sleep(rest)
}
exchange?.socket.destroy()
log.print()
