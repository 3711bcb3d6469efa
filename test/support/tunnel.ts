// Relay and agent as the two processes that users run, on the loopback: the journey of README, for
// tests that kill, stop or replace one of them.
import { type Program, runProgram } from './run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'

export interface RelayOptions {
  /** Ports for tcp routes; each test takes a range of its own so that tests can run side by side. */
  readonly tcpPorts?: string
  readonly nodeFlags?: readonly string[]
  /** How many the process may have open. */
  readonly descriptors?: number
}

/** A relay's directory and, while it runs, its process. */
export class TestRelay implements AsyncDisposable {
  readonly directory: TemporaryDirectory
  readonly joinString: string
  readonly #options: RelayOptions
  #listen = '127.0.0.1:0'
  #program: Program | undefined

  constructor(directory: TemporaryDirectory, joinString: string, options: RelayOptions) {
    this.directory = directory
    this.joinString = joinString
    this.#options = options
  }

  get program(): Program {
    if (!this.#program) throw new Error('the relay does not run')
    return this.#program
  }

  get port(): number {
    return Number(this.#listen.split(':').at(-1))
  }

  /** Starts it, or starts it again on the port that it had. */
  async start(): Promise<void> {
    this.#program = runProgram(
      'relay',
      ['--dir', this.directory.path, '--listen', this.#listen, '--json'],
      this.#options,
    )
    const event = await this.#program.event('listening')
    this.#listen = String(event['address'])
  }

  async kill(): Promise<void> {
    this.program.signal('SIGKILL')
    await this.program.exited
  }

  /** What an agent needs: the join string, which names the port that the relay really has. */
  get join(): string {
    return this.joinString.replace(/:\d+\?/, `:${this.port}?`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]()
    await this.directory[Symbol.asyncDispose]()
  }
}

/** `relay init` and `relay` in a directory of their own. */
export async function startTestRelay(options: RelayOptions = {}): Promise<TestRelay> {
  const directory = await temporaryDirectory()
  await using init = runProgram('relay', [
    'init',
    '--dir',
    directory.path,
    '--host',
    '127.0.0.1',
    '--listen',
    '127.0.0.1:8443',
    '--tcp-ports',
    options.tcpPorts ?? '20000-32000',
  ])
  await init.expectExit(0)
  const relay = new TestRelay(directory, init.stdout.text.trim(), options)
  await relay.start()
  return relay
}

export interface TestAgentOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
}

/** An agent that is ready: `url` is its first route's, `urls` has all of them. */
export class TestAgent implements AsyncDisposable {
  readonly program: Program
  readonly urls: readonly URL[]

  constructor(program: Program, urls: readonly URL[]) {
    this.program = program
    this.urls = urls
  }

  get url(): URL {
    const [url] = this.urls
    if (!url) throw new Error('the agent has no route')
    return url
  }

  /** The public port of its first route. */
  get port(): number {
    return Number(this.url.port)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]()
  }
}

/** Runs `agent connect ARGS`, without waiting for anything. */
export function runAgent(
  join: string,
  args: readonly string[],
  options: TestAgentOptions = {},
): Program {
  return runProgram('agent', ['connect', '--json', '--web-addr', 'off', ...args], {
    env: { SALLYPORT_JOIN: join, ...options.env },
    ...(options.nodeFlags && { nodeFlags: options.nodeFlags }),
  })
}

/** Runs `agent connect ARGS` until visitors can come. */
export async function startTestAgent(
  relay: TestRelay,
  args: readonly string[],
  options: TestAgentOptions = {},
): Promise<TestAgent> {
  const program = runAgent(relay.join, args, options)
  const ready = await program.event('ready')
  const { routes } = ready
  if (!Array.isArray(routes)) throw new Error('a ready event without routes')
  return new TestAgent(
    program,
    routes.map((route: { url: string }) => new URL(route.url)),
  )
}
