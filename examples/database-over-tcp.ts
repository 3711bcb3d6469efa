// node scripts/set-up.mjs examples/database-over-tcp.ts
//
// A database behind a public TCP port. With DATABASE=localhost:6379 in the environment that Redis is
// published; without, a tiny stand-in that knows PING, SET and GET. Either is asked over the tunnel in
// Redis' own protocol. Bytes pass as they are, so any database and its ordinary client will do.
import { once } from 'node:events'
import { type Server, type Socket, connect as dial, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { connect } from '@sallyport/agent'
import { startLocalRelay } from './local-relay.ts'

/** Redis' inline commands, and three of them only. */
function tinyDatabase(): Server {
  const values = new Map<string, string>()
  const answer = (line: string): string => {
    const [command = '', key = '', value = ''] = line.split(' ')
    if (command === 'PING') return '+PONG'
    if (command === 'SET') return values.set(key, value) && '+OK'
    if (command === 'GET') return `$${values.get(key)?.length ?? -1}\r\n${values.get(key) ?? ''}`
    return '-ERR unknown command'
  }
  return createServer((socket) => {
    socket.on('error', () => {})
    createInterface({ input: socket }).on('line', (line) => socket.write(`${answer(line)}\r\n`))
  })
}

async function ask(socket: Socket, command: string): Promise<void> {
  const answer = once(socket, 'data')
  socket.write(`${command}\r\n`)
  console.log(
    `${command} → ${String((await answer)[0])
      .trim()
      .replaceAll('\r\n', ' ')}`,
  )
}

await using local = await startLocalRelay()
await using agent = await connect(process.env['DATABASE'] ?? tinyDatabase(), {
  join: await local.join('database'),
  url: 'tcp://:0',
})
console.log(`the database is at ${agent.url}`)
const socket = dial(Number(new URL(agent.url).port), '127.0.0.1')
await ask(socket, 'PING')
await ask(socket, 'SET colour blue')
await ask(socket, 'GET colour')
socket.end()
