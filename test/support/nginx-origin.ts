// nginx as a fast origin on a loopback port: a 100-byte answer at /, 100,000 bytes at /large.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { connect } from 'node:net'
import { deadline } from './deadline.ts'
import { programPath } from './requires.ts'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'

export interface NginxOrigin extends AsyncDisposable {
  readonly port: number
}

function configuration(directory: TemporaryDirectory, port: number): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory.join('temporary', name)};`)
    .join('\n  ')
  return `
daemon off;
master_process off;
pid ${directory.join('nginx.pid')};
error_log ${directory.join('error.log')} crit;
events { worker_connections 1024; }
http {
  ${paths}
  access_log off;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "${'x'.repeat(100)}"; }
    location /large { root ${directory.path}; try_files /large.bin =404; }
  }
}
`
}

export async function startNginxOrigin(): Promise<NginxOrigin> {
  const directory = await temporaryDirectory()
  await mkdir(directory.join('temporary'))
  await writeFile(directory.join('large.bin'), Buffer.alloc(100_000, 'y'))
  const port = await freePort()
  const file = directory.join('nginx.conf')
  await writeFile(file, configuration(directory, port))
  const child = spawn(programPath('nginx'), ['-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await deadline(listens(port, child), 10_000, 'port of nginx')
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await deadline(ended, 10_000, 'end of nginx')
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function listens(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('nginx has ended')
    const socket = connect({ port, host: '127.0.0.1' })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
  }
}
