// A load: `count` visitors who ask once, so that their way to the origin stands, and then say nothing.
import { startExchange } from './http-exchange.ts'
import { hold } from './hold.ts'
import { readArguments } from './load-arguments.ts'

const given = readArguments()
const target = { host: given.host, port: given.number('port'), timeoutMs: 10_000 }

await hold(given.number('count'), async () => {
  const exchange = startExchange(target)
  await exchange.request()
  return exchange.socket
})
