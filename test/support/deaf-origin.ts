// An origin whose backlog is full: for tests of dials that nobody answers. A child process listens
// and then sleeps, so its kernel queue fills with two connections (Linux takes backlog + 1); SYNs
// beyond it are dropped, as by a black hole.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type NetConnectOpts, type Socket, connect } from 'node:net'

export interface DeafOrigin extends AsyncDisposable {
  readonly port: number
  /** Resolves when it has taken everybody out of the queue. */
  wake(): Promise<void>
}

const program = `
  const { readSync, writeSync } = require('node:fs')
  let accepted = 0
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {})
    accepted += 1
    if (accepted === 2) writeSync(1, 'awake\\n')
  })
  server.listen({ ...JSON.parse(process.argv[1]), backlog: 1 }, () => {
    writeSync(1, (server.address().port ?? 0) + '\\n')
    readSync(0, Buffer.alloc(1))
  })`

export async function startDeafOrigin(
  where: { host: string; port: number } | { path: string },
): Promise<DeafOrigin> {
  const child = spawn(process.execPath, ['-e', program, JSON.stringify(where)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const port = Number(await line(child))
  const target = 'path' in where ? where : { host: where.host, port }
  const fillers = [filler(target), filler(target)]
  await Promise.all(fillers.map(({ connected }) => connected))
  return {
    port,
    async wake() {
      child.stdin?.write('!')
      await line(child)
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of fillers) socket.destroy()
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function filler(target: NetConnectOpts): { socket: Socket; connected: Promise<unknown> } {
  const socket = connect(target)
  socket.on('error', () => {})
  return { socket, connected: new Promise((resolve) => socket.once('connect', resolve)) }
}

async function line(child: ChildProcess): Promise<string> {
  const { stdout } = child
  if (!stdout) throw new Error('the child has no stdout')
  const [chunk] = (await once(stdout, 'data')) as [Buffer]
  return chunk.toString()
}
