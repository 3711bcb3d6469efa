// nginx as a reader: each stream is a connection to its unix socket, and what it read stands in a header
// of its answers. It says nothing of bodies; the request behind one shows where it ended.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { deadline } from '../deadline.ts'
import { programPath } from '../requires.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts'
import type { HttpReader, Reading } from './http-reader.ts'

const parallel = 16

function configuration(directory: TemporaryDirectory): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory.join('temporary', name)};`)
    .join('\n  ')
  return `
daemon off;
master_process off;
pid ${directory.join('nginx.pid')};
error_log ${directory.join('error.log')} crit;
events { worker_connections 256; }
http {
  ${paths}
  access_log off;
  keepalive_requests 1000;
  large_client_header_buffers 4 64k;
  server {
    listen unix:${directory.join('nginx.sock')};
    add_header X-Read "$request_method $request_uri $http_host";
    location / { return 200; }
  }
}
`
}

export async function startNginxReader(): Promise<HttpReader> {
  const directory = await temporaryDirectory()
  await mkdir(directory.join('temporary'))
  const file = directory.join('nginx.conf')
  await writeFile(file, configuration(directory))
  const path = directory.join('nginx.sock')
  const child = spawn(programPath('nginx'), ['-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await deadline(appears(directory.path, path, child), 10_000, 'socket of nginx')
  return {
    name: 'nginx',
    async read(streams) {
      const readings: Reading[] = []
      for (let at = 0; at < streams.length; at += parallel) {
        const batch = streams.slice(at, at + parallel).map((stream) => ask(path, stream))
        readings.push(...(await deadline(Promise.all(batch), 60_000, 'answers of nginx')))
      }
      return readings
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await deadline(ended, 10_000, 'end of nginx')
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function appears(directory: string, path: string, child: ChildProcess): Promise<void> {
  const changes = watch(directory)
  try {
    while (!existsSync(path)) {
      if (child.exitCode !== null) throw new Error('nginx has ended')
      await once(changes, 'change')
    }
  } finally {
    changes.close()
  }
}

async function ask(path: string, stream: Buffer): Promise<Reading> {
  const socket = connect({ path, allowHalfOpen: true })
  const answers: Buffer[] = []
  socket.on('data', (chunk: Buffer) => answers.push(chunk))
  socket.on('error', () => {})
  socket.end(stream)
  await new Promise((resolve) => {
    socket.on('end', () => socket.destroy())
    socket.on('close', resolve)
  })
  return readAnswers(Buffer.concat(answers).toString('latin1'))
}

function readAnswers(text: string): Reading {
  const heads = text.split(/(?=^HTTP\/1\.1 \d{3} )/m)
  const requests = heads.flatMap((head) => {
    const [, method = '', target = '', host = ''] =
      /^X-Read: ([^ ]+) ([^ ]+) (.*)\r$/m.exec(head) ?? []
    if (!head.startsWith('HTTP/1.1 200 ')) return []
    return [{ method, target, host, sha256: undefined, isWhole: undefined }]
  })
  return { requests, hasRefused: heads.some((head) => /^HTTP\/1\.1 [45]/.test(head)) }
}
