// A real nginx in a directory of its own: `await using nginx = await startNginx(relayOf => …)`.
import { writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { programPath } from './requires.ts'
import { type Program, runCommand } from './run-program.ts'
import { closed, listening, portOf } from './sockets.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface Nginx extends AsyncDisposable {
  readonly port: number
  readonly program: Program
}

/** A port that was free a moment ago, for programs that cannot pick one. */
export async function unusedPort(): Promise<number> {
  const server = await listening(createServer())
  const port = portOf(server)
  await closed(server)
  return port
}

/** Resolves when something accepts at the port. */
export async function accepting(port: number, ms = 10_000): Promise<void> {
  const giveUp = performance.now() + ms
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return
    if (performance.now() > giveUp) throw new Error(`nothing listens on ${port} within ${ms} ms`)
  }
}

/** `http` is what stands in the http block, given the port to listen on. */
export async function startNginx(http: (port: number) => string): Promise<Nginx> {
  const directory = await temporaryDirectory()
  const port = await unusedPort()
  const place = (name: string): string => directory.join(name)
  await writeFile(
    place('nginx.conf'),
    `daemon off; master_process off; pid ${place('pid')}; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${place('body')}; proxy_temp_path ${place('proxy')};
  fastcgi_temp_path ${place('f')}; uwsgi_temp_path ${place('u')}; scgi_temp_path ${place('s')};
  ${http(port)}
}
`,
  )
  const args = ['-c', place('nginx.conf'), '-p', directory.path, '-e', 'stderr']
  const program = runCommand(programPath('nginx'), args)
  await Promise.race([accepting(port), program.exited])
  return {
    port,
    program,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}
