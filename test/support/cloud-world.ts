// One stack's world for tests of the provisioner: a fake AWS whose instances run, a directory for its
// state, and the `provisioner` command as a process.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startProcessCloud, type ProcessCloud } from './machine/process-cloud.ts'
import type { WorldOptions } from './fake-aws/world.ts'
import { runProgram } from '../../packages/provisioner/src/program.ts'
import { runProgram as runCommand, type Program } from './run-program.ts'
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts'

/** Not 443: on one machine that port is everybody's. */
export const relayPort = 8443

export const standInRelay = fileURLToPath(new URL('machine/stand-in-relay.mjs', import.meta.url))

export interface Finished {
  readonly stdout: string
  readonly stderr: string
}

export class CloudWorld implements AsyncDisposable {
  readonly cloud: ProcessCloud
  readonly directory: TemporaryDirectory
  readonly env: Record<string, string>

  constructor(cloud: ProcessCloud, directory: TemporaryDirectory, env: Record<string, string>) {
    this.cloud = cloud
    this.directory = directory
    this.env = env
  }

  get fake() {
    return this.cloud.fake
  }

  get stateFile(): string {
    return this.directory.join('server_info.json')
  }

  state(): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(this.stateFile, 'utf8')) as Record<string, unknown>
  }

  mode(): number {
    return statSync(this.stateFile).mode & 0o777
  }

  /** Starts the command in the world's directory. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    return runCommand('provisioner', args, {
      cwd: this.directory.path,
      env: { ...this.env, ...env },
    })
  }

  /** Runs the command in this process, which is quicker, and asserts its exit code. */
  async finish(args: readonly string[], exit = 0, env = {}): Promise<Finished> {
    const out: string[] = []
    const error: string[] = []
    const code = await runProgram({
      args,
      env: { ...this.env, ...env },
      output: { out: (line) => out.push(line), error: (line) => error.push(line) },
      signal: AbortSignal.timeout(30_000),
    })
    const finished = { stdout: out.join('\n'), stderr: error.join('\n') }
    assert.equal(code, exit, `${args.join(' ')}: ${finished.stdout}\n${finished.stderr}`)
    return finished
  }

  live() {
    return this.fake.world.instances.filter((one) => one.state !== 'terminated')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cloud[Symbol.asyncDispose]()
    await this.directory[Symbol.asyncDispose]()
  }
}

export interface CloudWorldOptions extends Partial<WorldOptions> {
  /** With HOSTED_ZONE and SUBDOMAIN, and the zone for them. */
  readonly hasDomain?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export async function startCloudWorld(options: CloudWorldOptions = {}): Promise<CloudWorld> {
  const { hasDomain = false, env = {}, ...world } = options
  const cloud = await startProcessCloud({ port: relayPort, ...world })
  cloud.fake.world.zones.push(
    { id: 'ZPARENT', name: 'example.com', isPrivate: false, records: [] },
    { id: 'ZPRIVATE', name: 'dev.example.com', isPrivate: true, records: [] },
    { id: 'ZCHILD', name: 'dev.example.com', isPrivate: false, records: [] },
  )
  const directory = await temporaryDirectory()
  return new CloudWorld(cloud, directory, {
    ...cloud.fake.env,
    SERVER_INFO: directory.join('server_info.json'),
    SALLYPORT_RELAY_PORT: String(relayPort),
    SALLYPORT_RELAY_BUNDLE: standInRelay,
    ...(hasDomain ? { HOSTED_ZONE: 'dev.example.com', SUBDOMAIN: 'tunnel' } : {}),
    ...env,
  })
}
