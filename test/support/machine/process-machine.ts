// An instance without a machine: its user-data is really carried out, below a directory of its own
// instead of / and at an address of the loopback. What only a kernel has (units' sandboxes, masks)
// is written down; the booted machine of `npm run test:vm` is for those.
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

interface CloudConfig {
  readonly bootcmd: readonly (readonly string[])[]
  readonly runcmd: readonly (readonly string[])[]
  readonly write_files: readonly {
    readonly path: string
    readonly permissions: string
    readonly encoding: string
    readonly content: string
  }[]
}

const systemctl = fileURLToPath(new URL('systemctl.sh', import.meta.url))

export interface MachineOptions {
  readonly userData: string
  readonly address: string
}

/** Of the Node that runs the tests, which every machine has: half a second of sha256sum, spent once. */
let ownNodeHash: string | undefined

/** A sha256sum that knows our own Node's hash, and works every other one out. */
function hashScript(): string {
  ownNodeHash ??= createHash('sha256').update(readFileSync(process.execPath)).digest('hex')
  return `#!/bin/sh
read -r hash path
PATH=\${PATH#*:}
[ "$path" -ef '${process.execPath}' ] || { echo "$hash  $path" | sha256sum "$@"; exit; }
[ "$hash" = ${ownNodeHash} ]
`
}

export class ProcessMachine {
  readonly root: string
  readonly #config: CloudConfig
  readonly #env: Record<string, string>
  /** What the boot runs just now, with all that it started. */
  #command: ChildProcess | undefined
  #isGone = false

  constructor(options: MachineOptions) {
    this.root = mkdtempSync(join(tmpdir(), 'sallyport-machine-'))
    machines.add(this)
    this.#config = parseCloudConfig(options.userData)
    for (const directory of ['bin', 'opt/sallyport', 'var/lib', 'etc/systemd/system']) {
      mkdirSync(join(this.root, directory), { recursive: true })
    }
    const script = `#!/bin/sh\nexec /bin/sh '${systemctl}' "$@"\n`
    writeFileSync(join(this.root, 'bin/systemctl'), script, { mode: 0o755 })
    for (const name of ['systemd-run', 'sysctl', 'sync']) {
      const note = `#!/bin/sh\necho "${name} $*" >>'${this.root}/systemctl.log'\n`
      writeFileSync(join(this.root, 'bin', name), note, { mode: 0o755 })
    }
    writeFileSync(join(this.root, 'bin/sha256sum'), hashScript(), { mode: 0o755 })
    symlinkSync(process.execPath, join(this.root, 'opt/sallyport/node'))
    this.#env = {
      PATH: `${this.root}/bin:${process.env['PATH'] ?? ''}`,
      SALLYPORT_ROOT: this.root,
      SALLYPORT_LISTEN_HOST: options.address,
    }
  }

  /** The first boot: what cloud-init does with the user-data, in its order. */
  async boot(): Promise<void> {
    for (const command of this.#config.bootcmd) await this.#run(command)
    for (const { path, permissions, encoding, content } of this.#config.write_files) {
      if (encoding !== 'gz+b64') throw new Error(`an encoding of another kind: ${encoding}`)
      const target = join(this.root, path)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, gunzipSync(Buffer.from(content, 'base64')))
      chmodSync(target, Number.parseInt(permissions, 8))
    }
    for (const command of this.#config.runcmd) await this.#run(command)
  }

  /** Ends everything, then starts what is enabled, as systemd does at a boot. */
  async reboot(): Promise<void> {
    this.kill()
    for (const command of this.#config.bootcmd) await this.#run(command)
    const enabled = this.log().flatMap((line) =>
      line.startsWith('enable ') ? line.split(' ').slice(1) : [],
    )
    for (const unit of enabled) await this.#run(['systemctl', 'start', unit])
  }

  /** A command on the machine, as root's timers run it: a path of its own, or a program's name. */
  command(command: readonly string[]): Promise<void> {
    return this.#run(command)
  }

  /** What was asked of systemd and the kernel so far. */
  log(): string[] {
    return this.read('systemctl.log').split('\n').slice(0, -1)
  }

  console(): string {
    return this.read('console.log')
  }

  read(path: string): string {
    const file = join(this.root, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** Power off. */
  kill(): void {
    this.#endCommand()
    for (const line of this.read('pids').split('\n').slice(0, -1)) {
      const [pid] = line.split(' ')
      try {
        process.kill(-Number(pid), 'SIGKILL')
      } catch {
        // Ended by itself.
      }
    }
    rmSync(join(this.root, 'pids'), { force: true })
  }

  /** Gone for good: a boot that is under way ends, too, and rejects. */
  dispose(): void {
    this.#isGone = true
    this.kill()
    rmSync(this.root, { recursive: true, force: true })
    machines.delete(this)
  }

  #endCommand(): void {
    const pid = this.#command?.pid
    this.#command = undefined
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Ended by itself.
    }
  }

  async #run([command = '', ...args]: readonly string[]): Promise<void> {
    if (this.#isGone) throw new Error('the machine is gone')
    const path = command.startsWith('/') ? join(this.root, command) : command
    const child = spawn(path, args, {
      env: this.#env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // A process group of its own: a script ends with whatever it waits for.
      detached: true,
    })
    this.#command = child
    child.stderr.on('data', (chunk: Buffer) => {
      if (existsSync(this.root)) {
        writeFileSync(join(this.root, 'console.log'), chunk, { flag: 'a' })
      }
    })
    await once(child, 'close')
    this.#command = undefined
    if (child.exitCode !== 0) throw new Error(`${command} ended with ${String(child.exitCode)}`)
  }
}

/** Their processes are detached, as a machine's are: nothing else would end them with the test. */
const machines = new Set<ProcessMachine>()
process.once('exit', () => {
  for (const machine of machines) machine.dispose()
})

function parseCloudConfig(userData: string): CloudConfig {
  const [first, ...rest] = userData.split('\n')
  if (first !== '#cloud-config') throw new Error('user-data is no cloud-config')
  return JSON.parse(rest.join('\n')) as CloudConfig
}
