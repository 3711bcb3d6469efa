// node scripts/set-up.mjs examples/privacy-policy/main.ts
//
// An exercise that many have solved with virtual machines, here behind a tunnel: servers register a privacy
// policy at a reverse proxy; clients' packets go round the live servers of their policy. The reverse
// proxy and the servers listen on the loopback only: clients come in by one public tcp:// port.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '@sallyport/agent'
import { startLocalRelay } from '../local-relay.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-example-'))
const children: ChildProcess[] = []

/** Starts a role; what it says is shown behind its name. Resolves when it has said `until`, or ended. */
async function run(
  name: string,
  role: string,
  args: readonly string[],
  until?: string,
): Promise<ChildProcess> {
  const script = join(import.meta.dirname, `${role}.ts`)
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const { promise: said, resolve } = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(`${name}: ${line}`)
    if (until !== undefined && line.includes(until)) resolve()
  })
  await Promise.race([said, once(child, 'close')])
  return child
}

async function unusedPorts(count: number): Promise<readonly string[]> {
  const servers: Server[] = []
  const ports: string[] = []
  for (let index = 0; index < count; index++) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(String(address.port))
    servers.push(server)
  }
  for (const server of servers) server.close()
  return ports
}

try {
  const [front = '', first = '', second = ''] = await unusedPorts(3)
  await run('revproc', 'revproc', ['-port', front], 'Running')
  const start = (id: string, port: string): Promise<ChildProcess> =>
    run(
      `server ${id}`,
      'server',
      ['-id', id, '-pp', '111', '-listen', port, '-revproc', front],
      'Success',
    )
  const one = await start('100', first)
  const other = await start('200', second)

  await using local = await startLocalRelay()
  await using agent = await connect(Number(front), {
    join: await local.join('revproc'),
    url: 'tcp://:0',
  })
  const publicPort = new URL(agent.url).port
  console.log(`clients come to ${agent.url}`)
  const ask = async (id: string, policy: string): Promise<void> => {
    const file = join(directory, `${id}.json`)
    writeFileSync(file, JSON.stringify({ privacy_policy: policy, payload: `xyz${id}` }))
    await run(`client ${id}`, 'client', ['-id', id, '-revproc', publicPort, '-pkt', file])
  }
  for (const id of ['1', '2', '3', '4']) await ask(id, '111')
  one.kill('SIGKILL')
  await once(one, 'exit')
  console.log('server 100 was killed')
  for (const id of ['5', '6']) await ask(id, '111')
  await ask('7', '999')
  other.kill('SIGKILL')
  await once(other, 'exit')
  console.log('server 200 was killed')
  await ask('8', '111')
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
