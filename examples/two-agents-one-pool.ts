// node scripts/set-up.mjs examples/two-agents-one-pool.ts
//
// Two agents with keys of their own serve one public port as a pool. Visits go to them in turn; when one
// ends, the other has them all.
import { once } from 'node:events'
import { type Server, connect as dial, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect } from '@sallyport/agent'
import { startLocalRelay } from './local-relay.ts'

/** A service that says who it is. */
function namedService(name: string): Server {
  return createServer((visitor) => visitor.resume().end(`served by ${name}\n`))
}

async function visit(port: number): Promise<void> {
  const socket = dial(port, '127.0.0.1')
  await once(socket, 'connect')
  process.stdout.write(await text(socket))
}

await using local = await startLocalRelay()
const pool = 'blue'
const red = await connect(namedService('red'), {
  join: await local.join('red'),
  url: 'tcp://:0',
  pool,
})
const { url } = red
const port = Number(new URL(url).port)
await using _green = await connect(namedService('green'), {
  join: await local.join('green'),
  url,
  pool,
})

console.log(`${url} is served by two agents`)
for (let count = 0; count < 4; count++) await visit(port)
await red.close()
console.log('red has ended')
for (let count = 0; count < 2; count++) await visit(port)
