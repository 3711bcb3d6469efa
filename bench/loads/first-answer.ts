// A load: tries again and again until a visitor is answered. A try is made every 20 ms whether or not
// those before still wait, so that a dial that hangs delays nothing. Prints one sample: the time
// of the answer as milliseconds since 1970, to be compared with another program's clock.
import { setTimeout as sleep } from 'node:timers/promises'
import { startExchange } from './http-exchange.ts'
import { readArguments } from './load-arguments.ts'
import { LoadLog } from './load-result.ts'

const given = readArguments()
const target = { host: given.host, port: given.number('port'), timeoutMs: 5_000 }
const giveUpAt = performance.now() + given.number('timeoutMs')

const intervalMs = 20
/** 5 s of tries that all hang. */
const maxTries = 250

const log = new LoadLog()
const done = new AbortController()
let tries = 0
let last: unknown = 'nobody answered'

async function attempt(): Promise<void> {
  tries += 1
  const exchange = startExchange(target)
  done.signal.addEventListener('abort', () => exchange.socket.destroy())
  try {
    await exchange.request()
    if (done.signal.aborted) return
    log.add(performance.timeOrigin + performance.now())
    done.abort()
  } catch (error) {
    last = error
  } finally {
    tries -= 1
    exchange.socket.destroy()
  }
}

while (!done.signal.aborted && performance.now() < giveUpAt) {
  if (tries < maxTries) void attempt()
  await sleep(intervalMs)
}
if (!done.signal.aborted) log.fail(last)
done.abort()
log.print()
